import { type Clock, onceAMinute } from '../../../clock/clock.ts'
import type { StoreWarning } from '../../store.ts'
import type { StoreLog } from '../../store-log.ts'

/** How long a Redis that had no memory counts as full. */
const FULL_FOR_MS = 5_000

/** Which Redis can be reached, told once when that changes. */
export class State {
  readonly #log: StoreLog
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #maySay: (what: string) => boolean
  readonly #failures = new Map<string, string>()
  #fullAtMs = Number.NEGATIVE_INFINITY

  constructor(log: StoreLog, clock: Pick<Clock, 'monotonicMs'>) {
    this.#log = log
    this.#clock = clock
    this.#maySay = onceAMinute(clock)
  }

  /** `failure`: why it cannot be reached; `undefined`: it can. */
  set(redis: string, failure: string | undefined): void {
    const had = this.#failures.get(redis)
    if (failure === undefined && had !== undefined) this.#log.info('Redis can be reached again', { redis })
    if (failure !== undefined && had === undefined)
      this.#log.warn('Redis cannot be reached', { redis, failure })
    if (failure === undefined) this.#failures.delete(redis)
    else this.#failures.set(redis, failure)
  }

  /** Nobody asks for it any more. */
  forget(redis: string): void {
    this.#failures.delete(redis)
  }

  failureOf(redis: string): string | undefined {
    return this.#failures.get(redis)
  }

  /** A fault of the program, or of Redis: said once a minute. */
  fault(err: Error): void {
    if (this.#maySay('fault'))
      this.#log.error('Redis has answered with an error that nobody expects', { err })
  }

  /** Notices between processes do not come: everything is found a little later. */
  noMessages(error: Error): void {
    if (this.#failures.size === 0 && this.#maySay('messages'))
      this.#log.warn('Messages between processes cannot be had from Redis', { problem: error.message })
  }

  full(): void {
    this.#fullAtMs = this.#clock.monotonicMs()
  }

  get warnings(): readonly StoreWarning[] {
    return this.#clock.monotonicMs() - this.#fullAtMs < FULL_FOR_MS ? ['disk_full'] : []
  }
}
