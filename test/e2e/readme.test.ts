import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { eventually, makeDataDir, startProcess } from '../helpers/run-server.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

const missing = ['bash', 'curl'].filter((tool) => spawnSync(tool, ['--version']).status !== 0)
const skip =
  missing.length > 0 && `the commands need ${missing.join(' and ')}, which this machine does not have`

/** The commands of one step of the quick start, for a server at another port. */
function commands(step: string, port: number): string {
  const block = new RegExp(`<!-- quick start: ${step} -->\\s+\`\`\`sh\\n([^\`]+)\`\`\``).exec(README)?.[1]
  assert.ok(block, `no step ${step} in the README`)
  // `npx` would ask the registry where the checkout has not been linked.
  return block.replaceAll('8080', String(port)).replace('npx mqtt', 'npx --no-install mqtt')
}

test('the quick start of the README does what it says', { skip }, async (t) => {
  const dataDir = await makeDataDir()
  t.after(() => dataDir.remove())
  const server = await startProcess(dataDir.path)
  t.after(() => server.kill())

  const device = spawn('bash', ['--norc', '-c', commands('device', server.port)], {
    cwd: ROOT,
    detached: true,
  })
  t.after(() => killGroup(device))
  let shown = ''
  device.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString()
  })
  await eventually(async () => (await metric(server.url, 'rollcall_links')) === 1, 'the device is connected')

  const backend = spawnSync('bash', ['--norc', '-c', commands('backend', server.port)], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  assert.equal(backend.stdout, '1', backend.stderr)
  await eventually(() => shown.includes('"caller":"Alice"'), 'the event is shown')

  const steps = ['backend', 'will it ring', 'answer'].map((step) => commands(step, server.port))
  const both = steps.join('\n')
  const ring = spawnSync('bash', ['--norc', '-c', both], { cwd: ROOT, encoding: 'utf8' })
  for (const line of [/^1event-id: \S+$/im, /^connected: 1\s*$/im, /^acknowledged: 1\s*$/im])
    assert.match(ring.stdout, line, ring.stderr)
  assert.match(ring.stdout, /"userEndpointId":"bobs-phone","outcome":"acknowledged"/)
  assert.match(ring.stdout, /"answeredBy":"bobs-phone"\}$/)

  const wanted = /```text\n(\{.+\})\n```/.exec(README)?.[1]
  assert.ok(withoutId(shown).startsWith(`"bobs-phone"${withoutId(`${wanted}\n`)}`), shown)
})

test('the five lines of the README make a program reachable', async (t) => {
  const dataDir = await makeDataDir()
  t.after(() => dataDir.remove())
  const server = await startProcess(dataDir.path)
  t.after(() => server.kill())
  const lines = /<!-- run: page -->\s+```js\n([^`]+)```/.exec(README)?.[1]
  assert.ok(lines !== undefined && lines.split('\n').filter((line) => line !== '').length === 5, lines)

  // What a browser has, and Node.js 20 lacks, is put there first.
  const code = `import Socket from 'ws'\nglobalThis.WebSocket ??= Socket\n${lines.replaceAll('8080', String(server.port))}`
  const page = spawn(process.execPath, ['--input-type=module', '-e', code], { cwd: join(ROOT, 'test') })
  t.after(() => page.kill('SIGKILL'))
  let shown = ''
  for (const stream of [page.stdout, page.stderr])
    stream.on('data', (chunk: Buffer) => {
      shown += chunk.toString()
    })
  await eventually(async () => (await metric(server.url, 'rollcall_links')) === 1, 'the program is reachable')
  const backend = spawnSync('bash', ['--norc', '-c', commands('backend', server.port)], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  assert.equal(backend.stdout, '1', backend.stderr)
  await eventually(() => shown === 'CallOfferedEvent Alice\n', `the event is shown: ${shown}`)
})

/** The shell with the client it runs, unless it has ended by itself. */
function killGroup({ pid, exitCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null) process.kill(-pid, 'SIGKILL')
}

async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`, { headers: { connection: 'close' } })).text()
  return Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1])
}

function withoutId(text: string): string {
  return text.replace(/"id":"[^"]+"/, '"id":"…"')
}
