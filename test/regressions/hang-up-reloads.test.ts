import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { eventually, makeDataDir, startProcess } from '../helpers/run-server.ts'

const MAIN = fileURLToPath(new URL('../../server/dist/main.js', import.meta.url))
const DIRECTORY = '{\n  "organizations": [{ "id": "acme" }]\n}'

describe('SIGHUP', () => {
  it('has the directory read again, changed or not, and ends nothing', async (t) => {
    const data = await makeDataDir()
    t.after(() => data.remove())
    const file = join(data.path, 'directory.json')
    await writeFile(file, DIRECTORY, { mode: 0o600 })
    const server = await startProcess(data.path, { DIRECTORY_FILE: file })
    t.after(() => server.kill())
    server.signal('SIGHUP')
    await eventually(() => server.output().includes('"msg":"directory reloaded"'), 'it was read')
    await writeFile(file, DIRECTORY.replace(']', ''))
    server.signal('SIGHUP')
    const problem = 'is not valid JSON. Line 3, column 1: expected a comma or ]'
    await eventually(() => server.output().includes(problem), 'it is told where the file is broken')
    assert.equal((await fetch(`${server.url}/health/ready`)).status, 200)
    assert.equal(await server.terminate(), 0)
  })

  it('of a terminal that was closed still ends the server, and drains it', {
    skip: lacksScript(),
  }, async (t) => {
    const data = await makeDataDir()
    t.after(() => data.remove())
    // The server's standard input is a terminal, and its output a file: the terminal ends with `script`.
    const log = join(data.path, 'log')
    const command = `exec ${process.execPath} ${MAIN} > ${log} 2>&1`
    const env = {
      PATH: process.env['PATH'],
      PORT: '0',
      DRAIN_SECONDS: '0',
      DATA_DIR: join(data.path, 'data'),
    }
    const terminal = spawn('script', ['-qec', command, '/dev/null'], {
      env,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    t.after(() => terminal.kill('SIGKILL'))
    const said = (): string => spawnSync('cat', [log], { encoding: 'utf8' }).stdout
    await eventually(() => said().includes('"msg":"listening"'), 'it listens', 30_000)
    terminal.kill('SIGKILL')
    await once(terminal, 'close')
    await eventually(() => said().includes('"signal":"SIGTERM"'), 'it stops')
  })
})

/** `script` makes terminals on Linux with these arguments. */
function lacksScript(): string | false {
  const isThere =
    spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true
  return isThere ? false : 'the script of util-linux is needed, which this machine does not have'
}
