import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ServerProcess } from './server-process.ts'
import { startSeveral } from './several-nodes.ts'
import { LOOPBACK, type Spot, spawnAt } from './spot.ts'

export { freePort } from '../../bench/src/lab/free-port.ts'
export type { ServerProcess } from './server-process.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** The same in a few files, where `npm test` has made them: it starts in half the time. */
const MAIN = join(ROOT, process.env['SERVER_OF_TESTS'] ?? 'server/dist/main.js')
const START_TIMEOUT_MS = 30_000
/** A server gives up long before. */
const STOP_TIMEOUT_MS = 60_000

/** A new empty data folder; `remove` it at the end. */
export async function makeDataDir(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'rollcall-test-'))
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) }
}

type Limits = { readonly openFilesMax?: number; readonly spot?: Spot }

/**
 * Starts a server on any free loopback port and waits until it listens; with `E2E_NODES=2` in the environment of the tests two, on
 * one Redis, to which connections come in turn.
 *
 * @param env configuration beside `PORT` and `DATA_DIR`
 * @param limits how many file descriptors it may have, and where it is; default: as this process has it, on loopback
 */
export function startProcess(
  dataDir: string,
  env: Record<string, string> = {},
  limits: Limits = {},
): Promise<ServerProcess> {
  const count = Number(process.env['E2E_NODES'] ?? 1)
  if (count === 1 || 'REDIS_URL' in env) return startOne(dataDir, env, limits)
  return startSeveral(count, dataDir, env, (own) => startOne(dataDir, own, limits))
}

async function startOne(
  dataDir: string,
  env: Record<string, string>,
  { openFilesMax, spot = LOOPBACK }: Limits,
): Promise<ServerProcess> {
  const limited = ['-c', `ulimit -n ${openFilesMax} && exec "$0" "$1"`, process.execPath, MAIN]
  const [program, args] = openFilesMax === undefined ? [process.execPath, [MAIN]] : ['sh', limited]
  const child = spawnAt(spot, program, args, {
    env: {
      PATH: process.env['PATH'],
      ...(spot === LOOPBACK ? {} : { HOST: spot.host }),
      PORT: '0',
      DRAIN_SECONDS: '0',
      LOG_LEVEL: 'info',
      ...env,
      DATA_DIR: dataDir,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const keep = (chunk: Buffer): void => {
    output += chunk.toString()
  }
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  const exited = once(child, 'close')
  const url = await listening(child, () => output)
  return {
    url,
    port: Number(new URL(url).port),
    dataDir,
    pid: child.pid ?? 0,
    output: () => output,
    signal: (name) => void child.kill(name),
    async stall(ms) {
      child.kill('SIGSTOP')
      await new Promise((resolve) => setTimeout(resolve, ms))
      child.kill('SIGCONT')
    },
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
    async ended() {
      const [code] = await exited
      return code
    },
    async terminate() {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
      const [code, signal] = await exited
      clearTimeout(timer)
      if (signal === 'SIGKILL') throw new Error(`the server did not stop:\n${output.slice(-20_000)}`)
      return code
    },
  }
}

/** The URL in the line that says so. Rejects when the process ends first, or says nothing for too long. */
function listening(child: ChildProcess, output: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`the server did not start in time:\n${output()}`))
    }, START_TIMEOUT_MS)
    child.on('close', (code) => {
      clearTimeout(timer)
      reject(new Error(`the server ended with code ${code}:\n${output()}`))
    })
    child.stdout?.on('data', () => {
      const url = /"url":"([^"]+)".*"msg":"listening"/.exec(output())?.[1]
      if (url === undefined) return
      clearTimeout(timer)
      resolve(url)
    })
  })
}

/** Resolves once `check` holds; fails after `timeoutMs`. For what happens at the other end of a socket. */
export async function eventually(
  check: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 30_000,
): Promise<void> {
  const untilMs = performance.now() + timeoutMs
  while (!(await check())) {
    if (performance.now() > untilMs) throw new Error(`not in ${timeoutMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
