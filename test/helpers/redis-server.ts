import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where Redis's server is called what. */
const PROGRAMS = ['redis-server', 'valkey-server']

/** Why tests with a real Redis cannot run here; `undefined`: they can. */
export const NO_REDIS = programOf() === undefined ? 'there is no redis-server here' : undefined

function programOf(): string | undefined {
  return PROGRAMS.find((name) => spawnSync(name, ['--version']).status === 0)
}

/** A Redis of this test alone, on a port of its own. */
export class RedisServer {
  readonly port: number
  readonly folder = mkdtempSync(join(tmpdir(), 'rollcall-redis-'))
  readonly #options: readonly string[]
  readonly #config: readonly string[]
  #process: ChildProcess | undefined

  private constructor(port: number, options: readonly string[], config?: string) {
    this.port = port
    this.#options = options
    this.#config = config === undefined ? [] : [join(this.folder, config)]
  }

  /** @param options as on its command line; nothing is persisted unless they say so */
  static async start(...options: readonly string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), options)
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
  ): RedisServer {
    const server = new RedisServer(port, options, config)
    for (const [name, text] of files) writeFileSync(join(server.folder, name), text)
    return server
  }

  async start(): Promise<void> {
    const own = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder, '--save', '']
    this.#process = spawn(programOf() ?? 'redis-server', [...this.#config, ...own, ...this.#options], {
      stdio: 'ignore',
    })
    for (let tries = 0; !(await isListening(this.port)); tries++) {
      if (tries > 200) throw new Error('Redis does not start.')
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }

  /** Ends it at once, as where its machine loses power; what was written to its log stays. */
  async kill(): Promise<void> {
    const process = this.#process
    this.#process = undefined
    if (process === undefined || process.exitCode !== null) return
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
  async flush(): Promise<void> {
    const socket = connect(this.port, '127.0.0.1')
    const answered = new Promise((resolve) => socket.once('data', resolve))
    socket.write('FLUSHALL\r\n')
    await answered
    socket.destroy()
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

/** A port that nobody has now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
