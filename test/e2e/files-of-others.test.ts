import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmod, mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { othersMay } from '../../server/src/auth/auth.ts'
import { makeDirectory, tokenOfUser } from '../helpers/directory.ts'
import { eventually, makeDataDir, startProcess } from '../helpers/run-server.ts'

const MAIN = fileURLToPath(new URL('../../server/dist/main.js', import.meta.url))

describe('what everybody on the machine may touch', () => {
  let data: Awaited<ReturnType<typeof makeDataDir>>
  let directory: Awaited<ReturnType<typeof makeDirectory>>
  before(async () => {
    data = await makeDataDir()
    directory = await makeDirectory(data.path)
    // `mkdtemp` keeps everybody out: here they may come in, as into /etc and /var/lib.
    await chmod(data.path, 0o755)
  })
  after(() => data.remove())

  /** What `check-config` says, which is what a start would. */
  function check(env: Record<string, string>): string {
    const { stdout, stderr, status } = spawnSync(process.execPath, [MAIN, 'check-config'], {
      env: { PATH: process.env['PATH'], DIRECTORY_FILE: directory.file, ...env },
    })
    return status === 0 ? 'fine' : `${stdout}${stderr}`
  }

  it('is told by mode, and by the folders above', async () => {
    const folder = join(data.path, 'folder')
    await mkdir(folder)
    for (const [mode, mayRead, mayWrite] of [
      [0o700, false, false],
      [0o750, false, false],
      [0o770, false, false],
      [0o755, true, false],
      [0o777, true, true],
      [0o1777, true, true],
      [0o702, false, true],
    ] as const) {
      await chmod(folder, mode)
      assert.deepEqual(
        [await othersMay('read', folder), await othersMay('write', folder)],
        [mayRead, mayWrite],
      )
    }
    await chmod(folder, 0o777)
    await chmod(data.path, 0o700)
    assert.equal(await othersMay('write', folder), false, 'nobody gets there')
    await chmod(data.path, 0o755)
    await assert.rejects(othersMay('read', join(folder, 'none')), { code: 'ENOENT' })
  })

  it('is no directory file: the refusal names the command that mends it, and so does it', async () => {
    await chmod(directory.file, 0o644)
    const command = `chmod o-r ${directory.file}`
    assert.ok(check({}).includes(command), check({}))
    await assert.rejects(
      startProcess(join(data.path, 'data'), { DIRECTORY_FILE: directory.file }),
      (error: Error) => error.message.includes(command),
    )
    assert.equal(spawnSync('sh', ['-c', command]).status, 0)
    assert.equal((await stat(directory.file)).mode & 0o777, 0o640)
    assert.equal(check({}), 'fine')
  })

  it('is a directory file where the operator says that there is nobody else', async () => {
    await chmod(directory.file, 0o444)
    assert.equal(check({ DIRECTORY_FILE_SHARED: 'true' }), 'fine')
    assert.notEqual(check({ DIRECTORY_FILE_SHARED: 'false' }), 'fine')
    await chmod(directory.file, 0o600)
  })

  it('is not taken at a reload either: the last good one stays in force, and the log says why', async (t) => {
    const server = await startProcess(join(data.path, 'data'), { DIRECTORY_FILE: directory.file })
    t.after(() => server.kill())
    await chmod(directory.file, 0o604)
    await eventually(() => server.output().includes(`chmod o-r ${directory.file}`), 'it is told')
    assert.equal((await tokenOfUser(server.url, 'alice')).userId, 'alice')
    await chmod(directory.file, 0o600)
    await eventually(() => server.output().includes('directory reloaded'), 'it is mended')
  })

  it('is no data folder', async () => {
    const dataDir = join(data.path, 'open')
    await mkdir(dataDir)
    await chmod(dataDir, 0o777)
    const command = `chmod o-w ${dataDir}`
    assert.ok(check({ DATA_DIR: dataDir }).includes(command))
    await assert.rejects(startProcess(dataDir, { DIRECTORY_FILE: directory.file }), (error: Error) =>
      error.message.includes(command),
    )
    assert.equal(spawnSync('sh', ['-c', command]).status, 0)
    const server = await startProcess(dataDir, { DIRECTORY_FILE: directory.file })
    await server.kill()
    assert.equal(check({ DATA_DIR: join(data.path, 'not-there-yet') }), 'fine')
  })
})
