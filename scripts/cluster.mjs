import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ensureBuilt } from './build.mjs'
import { endWithUs, removeWithUs } from './guard.mjs'
import { ensureInstalled } from './install.mjs'
import { clusterNodesFile } from './redis-cluster.mjs'
import { root } from './workspace.mjs'

// A demo of many machines on one: three Redis primaries with a replica each, and two Rollcall processes over them. Everything is
// gone when it ends, however it ends.

const REDIS = ['redis-server', 'valkey-server'].find((name) => spawnSync(name, ['--version']).status === 0)
const REDIS_COUNT = 6
const NODES = ['a', 'b']
/** How soon a Redis that has ended is started again, milliseconds: its replica has taken over by then. */
const REDIS_AGAIN_MS = 15_000
const NODE_AGAIN_MS = 1_000
/** How long the processes have to be there, to say so each time, and to end; milliseconds. A node gives up sooner by itself. */
const START_MS = 60_000
const ANSWER_MS = 2_000
const STOP_MS = 30_000

if (REDIS === undefined) {
  process.stderr.write('There is no redis-server here: install Redis 7.0 or newer, or Valkey.\n')
  process.exit(1)
}

ensureInstalled()
ensureBuilt(['server', 'console', 'examples/ring'])

const folder = mkdtempSync(join(tmpdir(), 'rollcall-cluster-'))
removeWithUs(folder)
/** @type {Map<string, import('node:child_process').ChildProcess>} */
const running = new Map()
const sealingKey = randomBytes(32).toString('base64')
let isEnding = false

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
  process.on(signal, () => void end(0))

/** @type {import('./redis-cluster.mjs').Place[]} */
const places = []
for (let index = 0; index < REDIS_COUNT; index++)
  places.push({ port: await freePort(), busPort: await freePort() })
const ports = await Promise.all(NODES.map((_, index) => nodePort(index)))
for (const [index] of places.entries()) startRedis(index)
for (const [index] of NODES.entries()) startNode(index)
const untilMs = performance.now() + START_MS
const areReady = (await Promise.all(ports.map(isReady))).every((is) => is)
if (!isEnding && areReady) say(welcome())
else if (!isEnding) {
  say(`Not all of it is there after ${START_MS / 1000} s.`)
  await end(1)
}

/** @param {number} index */
function startRedis(index) {
  const name =
    index < REDIS_COUNT / 2 ? `redis ${index + 1}` : `redis ${index + 1 - REDIS_COUNT / 2}, replica`
  const place = places[index]
  if (place === undefined || REDIS === undefined) return
  const own = join(folder, `redis-${index}`)
  mkdirSync(own)
  writeFileSync(join(own, 'nodes.conf'), clusterNodesFile(index, places))
  const where = [
    '--port',
    String(place.port),
    '--bind',
    '127.0.0.1',
    '--dir',
    own,
    '--save',
    '',
    '--appendonly',
    'yes',
  ]
  const cluster = [
    '--cluster-enabled',
    'yes',
    '--cluster-config-file',
    'nodes.conf',
    '--cluster-port',
    String(place.busPort),
  ]
  const settings = [
    '--cluster-node-timeout',
    '2000',
    '--cluster-require-full-coverage',
    'no',
    '--maxmemory',
    '256mb',
    '--repl-diskless-sync-delay',
    '0',
  ]
  keep(name, REDIS_AGAIN_MS, () => spawn(REDIS, [...where, ...cluster, ...settings], { stdio: 'ignore' }))
}

/** @param {number} index */
function startNode(index) {
  const name = NODES[index] ?? ''
  const env = {
    ...process.env,
    REDIS_URL: `redis://${places.map(({ port }) => `127.0.0.1:${port}`).join()}`,
    // Where a replica is gone too, nothing durable would be taken until somebody starts one.
    REDIS_REPLICAS_MIN: '1',
    SEALING_KEY: sealingKey,
    NODE_NAME: name,
    DATA_DIR: join(folder, `node-${name}`),
    PORT: String(ports[index]),
    PUBLIC_URL: `http://127.0.0.1:${ports[0]}`,
  }
  keep(`node ${name}`, NODE_AGAIN_MS, () => {
    const child = spawn(process.execPath, [join(root, 'server/dist/main.js')], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    // Line by line: a piece of it may end in the middle of one.
    createInterface({ input: child.stdout }).on('line', (line) => tell(name, line))
    return child
  })
}

/**
 * Starts it again whenever it ends, and says so.
 * @param {string} name
 * @param {number} againMs
 * @param {() => import('node:child_process').ChildProcess} start
 */
function keep(name, againMs, start) {
  const child = start()
  endWithUs(child)
  running.set(name, child)
  child.once('exit', (code, signal) => {
    running.delete(name)
    if (isEnding) return
    say(`${name} has ended (${signal ?? code}), and is started again in ${againMs / 1000} s`)
    setTimeout(() => {
      if (!isEnding) keep(name, againMs, start)
    }, againMs).unref()
  })
}

/**
 * What an operator wants to see of a node's log.
 * @param {string} name
 * @param {string} line
 */
function tell(name, line) {
  if (!line.startsWith('{')) return
  const { msg, ...rest } = JSON.parse(line)
  if (!/redis|node is|store/i.test(msg)) return
  const { redis, node, to, failure } = rest
  const about = Object.entries({ redis, node, to, failure }).filter(([, value]) => value !== undefined)
  say(`node ${name}: ${msg}${about.map(([key, value]) => `, ${key} ${value}`).join('')}`)
}

function welcome() {
  const rows = [...running].map(([name, { pid }]) => `  ${name.padEnd(18)} process ${pid}`)
  return `
Two nodes of one service, over three Redis primaries with a replica each:

${rows.join('\n')}

Console: ${ports.map((port) => `http://127.0.0.1:${port}/console/`).join('  and  ')}
Ring from tab to tab, by either: ${ports.map((port) => `http://127.0.0.1:${port}/examples/ring/`).join('  and  ')}
Sign in to the console as the backend acme-backend (acme-secret) or as its administrator olivia (olivia-password).

Kill any one process of these by hand (kill -9), and go on ringing. What became of it stands here. Ctrl+C ends it all.
`
}

/** @param {number} code */
async function end(code) {
  if (isEnding) return
  isEnding = true
  const nodes = [...running].filter(([name]) => name.startsWith('node'))
  await Promise.all(nodes.map(([, child]) => ended(child, 'SIGTERM')))
  await Promise.all([...running.values()].map((child) => ended(child, 'SIGKILL')))
  rmSync(folder, { recursive: true, force: true })
  process.exit(code)
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {NodeJS.Signals} signal
 */
function ended(child, signal) {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve(undefined)
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    child.once('exit', () => {
      clearTimeout(late)
      resolve(undefined)
    })
    child.kill(signal)
  })
}

/** @param {number} index */
function nodePort(index) {
  const first = Number(process.env['PORT'] ?? 8080)
  return first === 0 ? freePort() : Promise.resolve(first + index)
}

/**
 * Waits for it as long as there is time.
 * @param {number} port
 */
async function isReady(port) {
  while (!isEnding && performance.now() < untilMs) {
    const signal = AbortSignal.timeout(ANSWER_MS)
    const answer = await fetch(`http://127.0.0.1:${port}/health/ready`, { signal }).catch(() => undefined)
    if (answer?.ok) return true
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return false
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

/** @param {string} text */
function say(text) {
  process.stdout.write(`${text}\n`)
}
