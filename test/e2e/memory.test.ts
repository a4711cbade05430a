import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Acme } from '../helpers/acme.ts'
import { call } from '../helpers/call.ts'
import { signIn } from '../helpers/demo.ts'
import { eventually } from '../helpers/run-server.ts'

const MAIN = fileURLToPath(new URL('../../server/dist/main.js', import.meta.url))

/** A folder to be started in, where temporary files go, too. */
function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-memory-test-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

const environment = (folder: string, env: Record<string, string> = {}) => ({
  PATH: process.env['PATH'],
  PORT: '0',
  DRAIN_SECONDS: '0',
  TMPDIR: folder,
  ...env,
})

describe('a server with --memory', () => {
  it('does what a server does, says that nothing is kept, and leaves nothing', async (t) => {
    const folder = makeFolder(t)
    const env = environment(folder, { DATA_DIR: join(folder, 'data'), DEMO_SECRETS: 'known' })
    const child = spawn(process.execPath, [MAIN, '--memory'], { cwd: folder, env })
    t.after(() => child.kill('SIGKILL'))
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += String(chunk)
    })
    const url = () => /"url":"([^"]+)".*"msg":"listening"/.exec(output)?.[1]
    await eventually(() => url() !== undefined, 'it listens')
    assert.match(output, /everything is in memory, and gone when this process ends: --memory/)
    const { accessToken } = await signIn(url() ?? '', 'bob')
    const body = { userEndpointId: 'phone', keepAliveSeconds: 60 }
    assert.equal((await call(url() ?? '', accessToken, 'POST users/endpoints', body)).json, 'phone')
    const acme = new Acme(url() ?? '')
    const { count, eventId } = await acme.ring('phone')
    assert.deepEqual([count, await acme.outcome(eventId)], [1, 'queued'])

    const ended = once(child, 'exit')
    child.kill()
    assert.deepEqual(await ended, [0, null])
    assert.deepEqual(readdirSync(folder), [])
  })

  for (const [what, args, env, said] of [
    [
      'a Redis',
      ['--memory'],
      { REDIS_URL: 'redis://127.0.0.1', SEALING_KEY: `${'A'.repeat(43)}=` },
      /REDIS_URL/,
    ],
    ['a directory in the store', ['--memory'], { DIRECTORY: 'store' }, /lets nobody in: use DIRECTORY_FILE/],
    ['a command', ['check-config', '--memory'], {}, /is for a start, not for check-config/],
  ] as const)
    it(`refuses ${what} beside it, and says why`, (t) => {
      const folder = makeFolder(t)
      const options = { cwd: folder, env: environment(folder, env), encoding: 'utf8' } as const
      const { status, stderr } = spawnSync(process.execPath, [MAIN, ...args], options)
      assert.equal(status, 2)
      assert.match(stderr, /^rollcall: --memory: /)
      assert.match(stderr, said)
      assert.deepEqual(readdirSync(folder), [])
    })
})
