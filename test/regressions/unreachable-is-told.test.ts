import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { eventually, makeDataDir, startProcess } from '../helpers/run-server.ts'

const TEST_FOLDER = fileURLToPath(new URL('../', import.meta.url))
const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

/** The README's five lines as a program, which gives no `onError` and follows no states. */
function startPage(t: TestContext, replace: (code: string) => string) {
  const lines = /<!-- run: page -->\s+```js\n([^`]+)```/.exec(README)?.[1] ?? assert.fail('no five lines')
  const code = `import Socket from 'ws'\nglobalThis.WebSocket ??= Socket\n${replace(lines)}`
  const page = spawn(process.execPath, ['--input-type=module', '-e', code], { cwd: TEST_FOLDER })
  t.after(() => page.kill('SIGKILL'))
  let said = ''
  page.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  return { said: () => said, ended: once(page, 'close') }
}

async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

describe('the five lines of the README say on console.error', () => {
  it('that the password is wrong, before they end', async (t) => {
    const data = await makeDataDir()
    t.after(() => data.remove())
    const server = await startProcess(data.path)
    t.after(() => server.kill())
    const page = startPage(t, (code) =>
      code.replace('8080', String(server.port)).replace('bob-password', 'wrong'),
    )
    await page.ended
    assert.match(page.said(), /Not reachable any more \(token_failed\): The user name or password is wrong/)
  })

  it('that the server is down, and go on', async (t) => {
    const port = String(await unusedPort())
    const page = startPage(t, (code) => code.replace('8080', port))
    await eventually(() => page.said() !== '', 'something is said', 30_000)
    assert.match(page.said(), new RegExp(`Not reachable for 5 s, still trying: .*${port}`))
  })
})
