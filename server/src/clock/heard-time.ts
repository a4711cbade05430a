import { afterThisTurn } from './system.ts'
import type { Clock, Timer } from './time.ts'

/** How often it is looked whether time passes, milliseconds, where nothing else is said. */
const TICK_MS = 100
/** The most that passes in one step, milliseconds: past it the process stood still. */
const STEP_MS_MAX = 1_000
/**
 * Turns of the event loop after which all that had arrived is taken for read. One poll takes tens of thousands of
 * sockets; after a standstill all of them may have something, and connections may wait to be taken.
 */
const TURNS = 1
const TURNS_AFTER_STANDSTILL = 8

/** The end of a time in which nobody could be heard, or nothing could be written. */
export type Standstill = {
  /** Whoever was not late by this time was not late when it began. */
  readonly fromMs: number
  /** Where time goes on. */
  readonly toMs: number
  /** How long it was, milliseconds of the monotonic clock. */
  readonly lastedMs: number
  /** `process`: it was stopped, or busy for too long. `refusal`: it could not do what was asked of it. */
  readonly cause: 'process' | 'refusal'
}

export type HeardTimeOptions = {
  /** How often it is looked whether time passes, milliseconds. What is heard lags behind by about this much. */
  readonly tickMs?: number
  /** The time at the start. Default: that of the monotonic clock. */
  readonly startMs?: number
  /** Up to when everybody was heard before the start, where that is earlier. */
  readonly heardMs?: number
  /** Whether what is asked is refused now, through no fault of those who ask. Cheap. */
  readonly isRefusing?: () => boolean
  /** How often that was done so far; a change counts as a standstill, however short. */
  readonly refusals?: () => number
  readonly onStandstill?: (standstill: Standstill) => void
  /** Called once everybody was heard up to then: judge now. */
  readonly onHeard?: (heardMs: number) => void
}

/**
 * Time that passes only while the process can hear, and do what it is asked: it moves with the monotonic clock, by
 * steps of at most a second, and stands while `isRefusing`. Deadlines are set by `nowMs`, and judged by `heardMs`,
 * which follows once everything that had arrived by then was read: what lies in a socket is never late because
 * nobody looked. (docs/adr/0013-time-stands-still.md)
 */
export class HeardTime {
  readonly #clock: Clock
  readonly #options: HeardTimeOptions
  readonly #timer: Timer
  #baseMs: number
  #baseMonotonicMs: number
  #heardMs: number
  /** Since when it stands, on the monotonic clock. */
  #stillSinceMs: number | undefined
  #refusals = 0
  #isReading = false
  #isClosed = false

  constructor(clock: Clock, options: HeardTimeOptions = {}) {
    this.#clock = clock
    this.#options = options
    this.#baseMonotonicMs = clock.monotonicMs()
    this.#baseMs = options.startMs ?? this.#baseMonotonicMs
    this.#heardMs = Math.min(this.#baseMs, options.heardMs ?? this.#baseMs)
    this.#timer = clock.every(options.tickMs ?? TICK_MS, () => this.#tick())
  }

  /** The time now, fractional milliseconds. Never decreases. */
  nowMs(): number {
    if (this.#stillSinceMs !== undefined) return this.#baseMs
    return this.#baseMs + Math.min(this.#clock.monotonicMs() - this.#baseMonotonicMs, STEP_MS_MAX)
  }

  /** Up to when everybody was heard: never later than now. Never decreases. */
  heardMs(): number {
    return this.#heardMs
  }

  /** Stops following the clock. Idempotent. */
  close(): void {
    this.#isClosed = true
    this.#timer.cancel()
  }

  #tick(): void {
    const monotonicMs = this.#clock.monotonicMs()
    const sinceMs = this.#stillSinceMs ?? this.#baseMonotonicMs
    const hasStoodStill = monotonicMs - this.#baseMonotonicMs > STEP_MS_MAX
    const nowMs = this.nowMs()
    this.#baseMs = nowMs
    this.#baseMonotonicMs = monotonicMs
    if (this.#wasRefused()) {
      this.#stillSinceMs = sinceMs
      return
    }
    const cause = this.#stillSinceMs === undefined ? 'process' : 'refusal'
    this.#stillSinceMs = undefined
    const isOver = hasStoodStill || cause === 'refusal'
    if (isOver) this.#end({ fromMs: this.#heardMs, toMs: nowMs, lastedMs: monotonicMs - sinceMs, cause })
    if (!this.#isReading) this.#readAll(nowMs, isOver ? TURNS_AFTER_STANDSTILL : TURNS)
  }

  #wasRefused(): boolean {
    const { isRefusing, refusals } = this.#options
    const before = this.#refusals
    this.#refusals = refusals?.() ?? before
    return isRefusing?.() === true || this.#refusals !== before
  }

  #end(standstill: Standstill): void {
    this.#options.onStandstill?.(standstill)
  }

  /** Each turn polls the sockets and carries out what they bring. */
  #readAll(untilMs: number, turns: number): void {
    this.#isReading = true
    afterThisTurn(() => {
      if (turns > 1) return this.#readAll(untilMs, turns - 1)
      this.#isReading = false
      if (!this.#mayGoOn()) return
      this.#heardMs = untilMs
      this.#options.onHeard?.(untilMs)
    })
  }

  /** Not where something was refused in between: that begins a standstill, from what was heard before. */
  #mayGoOn(): boolean {
    const { isRefusing, refusals } = this.#options
    return !this.#isClosed && isRefusing?.() !== true && (refusals?.() ?? 0) === this.#refusals
  }
}
