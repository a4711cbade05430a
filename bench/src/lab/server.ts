import { nowMs, sleep } from '../machine/time.ts'
import type { Child } from './children.ts'
import type { Redis } from './redis.ts'

const READY_TIMEOUT_MS = 120_000
const READY_POLL_MS = 10
const REQUEST_TIMEOUT_MS = 5_000

/** A server that is measured. */
export class Server implements AsyncDisposable {
  readonly port: number
  /** What it keeps everything in; `undefined`: its own folder. */
  readonly redis: Redis | undefined
  readonly #child: Child

  constructor(child: Child, port: number, redis?: Redis) {
    this.#child = child
    this.port = port
    this.redis = redis
  }

  get pid(): number {
    return this.#child.pid
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Resolves once `/health/ready` answers 200. */
  ready(): Promise<void> {
    return this.answers(() => this.#isReady())
  }

  /** Resolves once it is ready. */
  async answers(isReady: (port: number) => Promise<boolean>): Promise<void> {
    const giveUpAtMs = nowMs() + READY_TIMEOUT_MS
    while (!(await this.#child.during(isReady(this.port)))) {
      if (nowMs() > giveUpAtMs) throw new Error('the server does not become ready')
      await sleep(READY_POLL_MS)
    }
  }

  /** The same as `promise`, but rejects as soon as the server has failed. */
  during<T>(promise: Promise<T>): Promise<T> {
    return this.#child.during(promise)
  }

  async text(path: string): Promise<string> {
    const response = await fetch(`${this.url}${path}`, {
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      headers: { connection: 'close' },
    })
    if (!response.ok) throw new Error(`GET ${path} was answered with ${response.status}`)
    return response.text()
  }

  /** As a power cut would: `kill -9`. */
  async kill(): Promise<void> {
    await this.#child.stop('SIGKILL')
    await this.redis?.[Symbol.asyncDispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stop()
    await this.redis?.[Symbol.asyncDispose]()
  }

  #isReady(): Promise<boolean> {
    return this.text('/health/ready').then(
      () => true,
      () => false,
    )
  }
}
