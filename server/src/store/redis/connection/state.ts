import { type Clock, onceAMinute } from '../../../clock/clock.ts'
import type { RedisHappening } from '../../redis-health.ts'
import type { StoreWarning } from '../../store.ts'
import type { StoreLog } from '../../store-log.ts'

/** How long a Redis that had no memory counts as full. */
const FULL_FOR_MS = 5_000
/** After a refusal is over, how long others may still be given up because of it. */
const SETTLES_MS = 1_000

/** Which Redis can be reached, told once when that changes. */
export class State {
  readonly #log: StoreLog
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #maySay: (what: string) => boolean
  readonly #onHappened: (what: RedisHappening) => void
  readonly #failures = new Map<string, string>()
  /** Since when each of them is away. */
  readonly #awayAtMs = new Map<string, number>()
  /** What it says where it refuses, by partition. */
  readonly #refusals = new Map<number, string>()
  /** When it took again what it had refused, by the word that it refuses with. */
  readonly #endedAtMs = new Map<string, number>()
  #fullAtMs = Number.NEGATIVE_INFINITY
  #isFull = false

  /** @param onHappened told of what people look for later */
  constructor(
    log: StoreLog,
    clock: Pick<Clock, 'monotonicMs'>,
    onHappened: (what: RedisHappening) => void = () => undefined,
  ) {
    this.#onHappened = onHappened
    this.#log = log
    this.#clock = clock
    this.#maySay = onceAMinute(clock)
  }

  /** `failure`: why it cannot be reached; `undefined`: it can. */
  set(redis: string, failure: string | undefined): void {
    const had = this.#failures.get(redis)
    if (failure === undefined && had !== undefined) this.#isBack(redis)
    if (failure !== undefined && had === undefined) this.#isAway(redis, failure)
    if (failure !== undefined) this.#failures.set(redis, failure)
  }

  /** Nobody asks for it any more. */
  forget(redis: string): void {
    this.#failures.delete(redis)
    this.#awayAtMs.delete(redis)
  }

  /** `undefined`: it can be reached, as far as anybody knows. */
  awayForMs(redis: string): number | undefined {
    const awayAtMs = this.#awayAtMs.get(redis)
    return awayAtMs === undefined ? undefined : this.#clock.monotonicMs() - awayAtMs
  }

  #isAway(redis: string, failure: string): void {
    this.#awayAtMs.set(redis, this.#clock.monotonicMs())
    this.#log.warn('Redis cannot be reached', { redis, failure })
    this.#onHappened({ kind: 'redis_away', redis, failure })
  }

  #isBack(redis: string): void {
    this.forget(redis)
    this.#log.info('Redis can be reached again', { redis })
    this.#onHappened({ kind: 'redis_back', redis })
  }

  /** So many partitions are at others than before. */
  passed(partitions: number, from: readonly string[], to: readonly string[]): void {
    this.#log.warn('Redis has passed partitions to others', { partitions, to: to.join(', ') })
    this.#onHappened({ kind: 'redis_failover', partitions, from, to })
  }

  failureOf(redis: string): string | undefined {
    return this.#failures.get(redis)
  }

  /** Redis can be reached, and has refused for so long that what was asked was given up. */
  refuses(partition: number, refusal: string): void {
    const word = wordOf(refusal)
    if (wordOf(this.#refusals.get(partition) ?? '') === word) return
    const endedAtMs = this.#endedAtMs.get(word) ?? Number.NEGATIVE_INFINITY
    // What was refused before that is given up a moment later.
    if (this.#clock.monotonicMs() - endedAtMs < SETTLES_MS) return
    const isNew = !this.#hasRefusal(word)
    this.#refusals.set(partition, refusal)
    if (isNew) this.#log.warn('Redis refuses what it is asked', { refusal })
  }

  /** A change was carried out there. */
  takes(partition: number): void {
    const refusal = this.#refusals.size === 0 ? undefined : this.#refusals.get(partition)
    if (refusal === undefined) return
    this.#refusals.delete(partition)
    if (this.#hasRefusal(wordOf(refusal))) return
    this.#endedAtMs.set(wordOf(refusal), this.#clock.monotonicMs())
    this.#log.info('Redis takes again what it had refused', { refusal: wordOf(refusal) })
  }

  /** What it says where it refuses; `undefined`: it does not, as far as anybody knows. */
  refusalOf(partition: number): string | undefined {
    return this.#refusals.get(partition)
  }

  #hasRefusal(word: string): boolean {
    return [...this.#refusals.values()].some((refusal) => wordOf(refusal) === word)
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
    if (this.#isFull) return
    this.#isFull = true
    this.#log.warn('Redis is full: no new events or registrations until there is room', {})
  }

  /** Something was taken that needs memory: a little is free now and then while it is full. */
  hasRoom(): void {
    if (!this.#isFull || this.#clock.monotonicMs() - this.#fullAtMs < FULL_FOR_MS) return
    this.#isFull = false
    this.#log.info('Redis has room again', {})
  }

  get warnings(): readonly StoreWarning[] {
    return this.#clock.monotonicMs() - this.#fullAtMs < FULL_FOR_MS ? ['disk_full'] : []
  }
}

/** What all refusals for one reason begin with. */
function wordOf(refusal: string): string {
  return refusal.split(' ', 1)[0] ?? ''
}
