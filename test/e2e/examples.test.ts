import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createBackend, createClient } from '@rollcall/client'
import { findPython, systemAdvice } from '../../scripts/system-packages.mjs'
import { signIn } from '../helpers/demo.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'
import { type Block, matchesOutput, readBlocks } from '../helpers/snippets.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const README = readFileSync(new URL('../../examples/README.md', import.meta.url), 'utf8')
/** What the programs read beside the server's address. */
const SHELL = `node() { '${process.execPath}' "$@"; }\npython3() { "$PYTHON" "$@"; }\n`

type Running = { readonly child: ChildProcess; output(): string; ended: Promise<number | null> }

async function startServer(t: TestContext): Promise<ServerProcess> {
  const data = await makeDataDir()
  t.after(() => data.remove())
  const server = await startProcess(data.path)
  t.after(() => server.kill())
  return server
}

/** Runs a program until it ends, or the test does. */
function start(t: TestContext, program: string, args: readonly string[], url: string): Running {
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], ROLLCALL_URL: url, PYTHON: python() },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  const ended = once(child, 'close').then(([code]: (number | null)[]) => code ?? null)
  return { child, output: () => output, ended }
}

function python(): string {
  return findPython() ?? assert.fail(systemAdvice('python'))
}

/** Bob's device in Python, as soon as it is reachable. */
async function startListener(t: TestContext, url: string, ...more: readonly string[]): Promise<Running> {
  const listener = start(t, python(), ['examples/python/ring.py', 'listen', 'bob', ...more], url)
  await eventually(() => listener.output().includes('bob is reachable'), 'it listens')
  return listener
}

const backendOf = (url: string) =>
  createBackend({ url, credentials: { clientId: 'acme-backend', clientSecret: 'acme-secret' } })

describe('examples/README.md', () => {
  const blocks = new Map(readBlocks(README).map((block) => [block.marker, block]))
  const block = (name: string): Block => blocks.get(`run: ${name}`) ?? assert.fail(`no block ${name}`)
  const expected = (name: string): { output: string } => ({ output: block(name).output ?? '' })
  const shell = (t: TestContext, name: string, url: string): Running =>
    start(t, 'bash', ['--norc', '-c', SHELL + block(name).code], url)

  it('runs as it says', async (t) => {
    const { url } = await startServer(t)
    // Not through a shell, which would keep Ctrl-C for itself.
    const [program = '', ...args] = block('listen').code.trim().split(' ')
    assert.equal(program, 'python3')
    const listener = start(t, python(), args, url)
    await eventually(() => listener.output().includes('reachable'), 'it listens')
    for (const name of ['send', 'remind', 'fallback']) {
      const running = shell(t, name, url)
      await running.ended
      assert.ok(matchesOutput(running.output(), expected(name)), `${name}: ${running.output()}`)
    }
    const [call, reminder] = [expected('listen').output, '{"id": "…", "type": "AppointmentDueEvent", …}\n']
    listener.child.kill('SIGINT')
    assert.equal(await listener.ended, 0)
    const wanted = { output: `${call}${reminder}unregistered\n` }
    assert.ok(matchesOutput(listener.output(), wanted), listener.output())
    const bob = createClient({ url, token: (await signIn(url, 'bob')).accessToken })
    assert.deepEqual(await bob.endpoints(), [])
  })

  it('calls until a person answers, as it says', async (t) => {
    const { url } = await startServer(t)
    const listener = await startListener(t, url, '--answer')
    // Another of Bob's, where nobody is: it falls silent when the first has answered.
    const silent = await startListener(t, url)
    const running = shell(t, 'call', url)
    await running.ended
    assert.ok(matchesOutput(running.output(), expected('call')), running.output())
    assert.match(listener.output(), /^answered$/m)
    await eventually(() => silent.output().includes('"CallCancelledEvent"'), 'the other is told')
    assert.doesNotMatch(listener.output(), /CallCancelledEvent/)
  })

  it('has no commands that nobody runs', () => {
    const commands = readBlocks(README).filter(({ language }) => language === 'sh')
    assert.deepEqual(
      commands.map(({ marker }) => marker),
      ['run: remind', 'run: fallback', 'run: call', 'run: listen', 'run: send'],
    )
  })
})

describe('the backend in Node.js', () => {
  const remind = (t: TestContext, args: readonly string[], url: string): Running =>
    start(t, process.execPath, ['examples/node-backend/backend.mjs', ...args], url)

  it('falls back where a device is registered and does not take it', async (t) => {
    const { url } = await startServer(t)
    const bob = createClient({ url, token: (await signIn(url, 'bob')).accessToken })
    await bob.register({ keepAliveSeconds: 60 })
    const backend = remind(t, ['bob', 'Dentist'], url)
    assert.equal(await backend.ended, 6)
    assert.match(backend.output(), /^SMS to bob: Dentist \(no device took it\)$/m)
  })

  it('says what it wants, and what went wrong', async (t) => {
    const { url } = await startServer(t)
    const [bare, refused] = [remind(t, [], url), remind(t, ['no/id'], url)]
    assert.deepEqual([await bare.ended, await refused.ended], [2, 1])
    assert.match(bare.output(), /^usage: /)
    assert.match(refused.output(), /invalid_request/)
  })
})

describe('the device in Python', () => {
  it('comes back after a restart of the server, to the event that has waited', async (t) => {
    const data = await makeDataDir()
    t.after(() => data.remove())
    const first = await startProcess(data.path)
    t.after(() => first.kill())
    const listener = await startListener(t, first.url)
    await first.kill()
    await eventually(() => listener.output().includes('connection'), 'it notices')
    const second = await startProcess(data.path, { PORT: String(first.port) })
    t.after(() => second.kill())
    const event = { type: 'CallOfferedEvent', caller: 'Alice\u001b[2J' }
    const { count } = await backendOf(second.url).send({ userId: 'bob', qos: 1, event })
    assert.equal(count, 1)
    await eventually(() => listener.output().includes('"CallOfferedEvent"'), 'it has the event', 20_000)
    assert.ok(!listener.output().includes('\u001b'), 'what could harm a terminal is escaped')
    listener.child.kill('SIGTERM')
    assert.equal(await listener.ended, 0)
  })

  it('answers a reminder with a keepalive', async (t) => {
    const { url } = await startServer(t)
    await startListener(t, url)
    const bob = createClient({ url, token: (await signIn(url, 'bob')).accessToken })
    const lastKeepAlive = async () => (await bob.endpoints())[0]?.lastKeepAliveAt
    const [endpoint] = await bob.endpoints()
    // Its own timer is long from being due: only the reminder tells it.
    const short = { keepAliveSeconds: 3, serverKeepAliveReminderOn: true }
    await bob.register({ userEndpointId: endpoint?.id ?? '', ...short })
    const before = await lastKeepAlive()
    await eventually(async () => (await lastKeepAlive()) !== before, 'it is kept alive')
  })

  it('registers again when it was thrown out', async (t) => {
    const { url } = await startServer(t)
    const listener = await startListener(t, url)
    const bob = createClient({ url, token: (await signIn(url, 'bob')).accessToken })
    const [endpoint] = await bob.endpoints()
    await bob.unregister(endpoint?.id ?? '')
    await eventually(() => listener.output().split('is reachable').length === 3, 'it is back')
    assert.equal((await bob.endpoints())[0]?.id, endpoint?.id)
  })

  it('says that it was refused, and ends', async (t) => {
    const { url } = await startServer(t)
    const nobody = start(t, python(), ['examples/python/ring.py', 'listen', 'nobody'], url)
    assert.equal(await nobody.ended, 1)
    assert.notEqual(nobody.output().trim(), '')
    assert.ok(!nobody.output().includes('Traceback'), nobody.output())
  })
})
