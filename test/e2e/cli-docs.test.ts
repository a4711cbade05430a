import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { COMMANDS } from '../../cli/src/commands.ts'
import { EXIT } from '../../cli/src/exit-codes.ts'
import { eventually, makeDataDir, startProcess } from '../helpers/run-server.ts'
import { matchesOutput, readSnippets, type Snippet } from '../helpers/snippets.ts'

const MAIN = fileURLToPath(new URL('../../cli/dist/main.js', import.meta.url))
const missing = ['bash', 'curl'].filter((tool) => spawnSync(tool, ['--version']).status !== 0)
const skip =
  missing.length > 0 && `the commands need ${missing.join(' and ')}, which this machine does not have`

const snippets = readSnippets('cli.md')
const snippet = (name: string): Snippet => snippets.get(name) ?? assert.fail(`no snippet ${name}`)

function start(t: TestContext, { code }: Snippet, url: string, env: Record<string, string> = {}) {
  const shell = `rollcall() { '${process.execPath}' '${MAIN}' "$@"; }\n${code}`
  const child = spawn('bash', ['-c', shell], {
    env: { PATH: process.env['PATH'], ROLLCALL_URL: url, ...env },
    // A shell whose input is a socket would read the user's own settings.
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  t.after(() => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  return { stdout: () => stdout, stderr: () => stderr, ended: once(child, 'close') }
}

test('docs/cli.md runs as it says', { skip }, async (t) => {
  const data = await makeDataDir()
  t.after(() => data.remove())
  const server = await startProcess(data.path)
  t.after(() => server.kill())
  const listener = start(t, snippet('listen'), server.url)
  await eventually(() => listener.stderr().includes('online'), 'it listens')
  for (const name of [...snippets.keys()].filter((other) => !['listen', 'call', 'answer'].includes(other))) {
    const running = start(t, snippet(name), server.url)
    await running.ended
    // The phone has had its call, and leaves.
    if (name === 'send') await listener.ended
    const text = running.stdout()
    assert.ok(matchesOutput(text, snippet(name)), `${name}: ${text}${running.stderr()}`)
  }
  assert.ok(matchesOutput(listener.stdout(), snippet('listen')), listener.stdout())
})

test('a call is answered as docs/cli.md says', { skip }, async (t) => {
  const data = await makeDataDir()
  t.after(() => data.remove())
  const server = await startProcess(data.path)
  t.after(() => server.kill())
  const { code } = snippet('listen')
  const phone = start(t, { code: code.replace(' --count 1', ''), output: '' }, server.url)
  await eventually(() => phone.stderr().includes('online'), 'it listens')
  const call = start(t, snippet('call'), server.url)
  await eventually(() => phone.stdout().includes('\n'), 'it rings')
  const EVENT = String(JSON.parse(phone.stdout()).id)
  const answer = start(t, snippet('answer'), server.url, { EVENT })
  await Promise.all([answer.ended, call.ended])
  assert.ok(matchesOutput(answer.stdout(), snippet('answer')), answer.stdout() + answer.stderr())
  assert.ok(matchesOutput(call.stdout(), snippet('call')), call.stdout() + call.stderr())
})

test('docs/cli.md names every command, in the order of the help', () => {
  const text = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')
  const documented = [...text.matchAll(/^\| `([\w-]+)[^`]*` \|/gm)].map(([, name]) => name)
  const commands = [...COMMANDS.keys()]
  assert.deepEqual(documented.slice(0, commands.length + 1).sort(), [...commands, 'completion'].sort())
})

test('docs/cli.md names every exit code', () => {
  const text = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')
  const documented = [...text.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code))
  assert.deepEqual(documented, [...Object.values(EXIT), 130])
})
