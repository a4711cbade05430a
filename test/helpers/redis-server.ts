import { type ChildProcess, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../bench/src/lab/free-port.ts'
import { LOOPBACK, type Spot, spawnAt } from './spot.ts'

/** Where Redis's server is called what. */
const PROGRAMS = ['redis-server', 'valkey-server']

const ANSWERS_WITHIN_MS = 30_000
/** One that hangs, or is cut off, is not listening. */
const CONNECTS_WITHIN_MS = 1_000

/** Why tests with a real Redis cannot run here; `undefined`: they can. */
export const NO_REDIS = programOf() === undefined ? 'there is no redis-server here' : undefined

function programOf(): string | undefined {
  return PROGRAMS.find((name) => spawnSync(name, ['--version']).status === 0)
}

/** A Redis of this test alone, on a port of its own. */
export class RedisServer {
  readonly port: number
  readonly spot: Spot
  readonly folder = mkdtempSync(join(tmpdir(), 'rollcall-redis-'))
  readonly #options: readonly string[]
  readonly #config: readonly string[]
  #process: ChildProcess | undefined

  private constructor(port: number, options: readonly string[], spot: Spot, config?: string) {
    this.port = port
    this.spot = spot
    this.#options = options
    this.#config = config === undefined ? [] : [join(this.folder, config)]
  }

  /** @param options as on its command line; nothing is persisted unless they say so */
  static start(...options: readonly string[]): Promise<RedisServer> {
    return RedisServer.startAt(LOOPBACK, options)
  }

  static async startAt(spot: Spot, options: readonly string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), options, spot)
    await server.start()
    return server
  }

  /**
   * One that is not started yet.
   *
   * @param files what lies in its folder, by name
   * @param config which of them it reads first
   */
  static on(
    port: number,
    options: readonly string[],
    files: ReadonlyMap<string, string>,
    config?: string,
    spot = LOOPBACK,
  ): RedisServer {
    const server = new RedisServer(port, options, spot, config)
    for (const [name, text] of files) writeFileSync(join(server.folder, name), text)
    return server
  }

  /** As `REDIS_URL` names it. */
  get url(): string {
    return `redis://${this.spot.host}:${this.port}`
  }

  async start(): Promise<void> {
    const { spot, port, folder } = this
    const own = ['--port', String(port), '--bind', spot.host, '--dir', folder, '--save', '']
    // Without a password it is for loopback only, unless it is told that the network is.
    const open = spot === LOOPBACK ? [] : ['--protected-mode', 'no']
    const options = [...this.#config, ...own, ...open, ...this.#options]
    const started = spawnAt(spot, programOf() ?? 'redis-server', options, { stdio: 'ignore' })
    this.#process = started
    for (let tries = 0; !(await isListening(spot.host, port)); tries++) {
      if (tries > 200 || hasEnded(started)) {
        await this.kill()
        throw new Error(`Redis does not start at ${spot.host}:${port}.`)
      }
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }

  /** Ends it at once, as where its machine loses power; what was written to its log stays. */
  async kill(): Promise<void> {
    const process = this.#process
    this.#process = undefined
    if (process === undefined || hasEnded(process)) return
    const ended = new Promise((resolve) => process.once('exit', resolve))
    // One that was stopped hears of nothing else.
    process.kill('SIGKILL')
    await ended
  }

  /** It stands still, and closes nothing. */
  freeze(): void {
    this.#process?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#process?.kill('SIGCONT')
  }

  /** All that it has is gone. */
  flush(): Promise<void> {
    return this.command('FLUSHALL')
  }

  /** Tells it something, over a connection for that alone. */
  async command(words: string): Promise<void> {
    const socket = connect(this.port, this.spot.host)
    socket.write(`${words}\r\n`)
    try {
      await once(socket, 'data', { signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) })
    } finally {
      socket.destroy()
    }
  }

  /** The test's process does not wait for it to end. */
  unref(): void {
    this.#process?.unref()
  }

  /** With the process of the test, where nothing can be waited for any more. */
  end(): void {
    this.#process?.kill('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
  }

  async close(): Promise<void> {
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** By itself, or by a signal: it says so once. */
function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

function isListening(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host)
    const settle = (isThere: boolean) => () => {
      socket.destroy()
      resolve(isThere)
    }
    socket.setTimeout(CONNECTS_WITHIN_MS, settle(false))
    socket.once('connect', settle(true))
    socket.once('error', settle(false))
  })
}
