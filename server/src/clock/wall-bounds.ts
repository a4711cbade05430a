import type { Clock, Timer } from './time.ts'
import { JUMP_MS_MIN } from './wall-jumps.ts'

const LOOK_EVERY_MS = 1_000
/** How long the wall clock has to stay where it jumped to before it is believed, milliseconds: a day. */
const BELIEVED_AFTER_MS = 86_400_000
/** The same where it may be the time of a stop, and nobody can tell, milliseconds: an hour. */
const BELIEVED_AFTER_START_MS = 3_600_000

/**
 * Between which times it is, as far as the wall clock can be believed. What must be remembered is forgotten by the
 * earliest time that it can be, and how long it must be is counted from the latest: so no jump of the wall clock makes
 * anybody forget, neither one that is taken back nor one that takes one back. Where the clock jumps nowhere, both are its
 * time. (docs/adr/0014-a-wall-clock-that-jumps.md)
 */
export interface WallBounds {
  /** Wall-clock milliseconds: never later than the clock's. A jump ahead counts once it has lasted for a day. */
  earliestMs(): number
  /** Wall-clock milliseconds: never earlier than the clock's. A jump back counts once it has lasted for a day. */
  latestMs(): number
}

/** Follows the wall clock from its time now, and looks every second whether it has jumped. */
export class FollowedWall implements WallBounds {
  readonly #clock: Clock
  readonly #timer: Timer
  /** The wall clock less the monotonic one when it was looked at last; and as far as it is believed, either way. */
  #seenMs: number
  #earliestMs: number
  #latestMs: number
  /** On the monotonic clock. */
  #believedAtMs = 0

  /** @param leftAtMs the earliest that it could be when the process before this one was heard of last */
  constructor(clock: Clock, leftAtMs = Number.POSITIVE_INFINITY) {
    this.#clock = clock
    this.#seenMs = clock.wallMs() - clock.monotonicMs()
    this.#latestMs = this.#seenMs
    this.#earliestMs = Math.min(this.#seenMs, leftAtMs - clock.monotonicMs())
    this.#believedAtMs = clock.monotonicMs() + BELIEVED_AFTER_START_MS
    this.#agree()
    this.#timer = clock.every(LOOK_EVERY_MS, () => this.#look())
  }

  earliestMs(): number {
    const wallMs = this.#clock.wallMs()
    const heldMs = Math.floor(this.#clock.monotonicMs() + this.#earliestMs)
    return wallMs - heldMs > this.#tolerance(this.#earliestMs) ? heldMs : wallMs
  }

  latestMs(): number {
    const wallMs = this.#clock.wallMs()
    const heldMs = Math.ceil(this.#clock.monotonicMs() + this.#latestMs)
    return heldMs - wallMs > this.#tolerance(this.#latestMs) ? heldMs : wallMs
  }

  /** Stops following. Idempotent. */
  close(): void {
    this.#timer.cancel()
  }

  /** Where nothing was in doubt at the last look, what the clock was steered by since then is nothing. */
  #tolerance(boundMs: number): number {
    return boundMs === this.#seenMs ? JUMP_MS_MIN : 0
  }

  #look(): void {
    const monotonicMs = this.#clock.monotonicMs()
    const seenMs = this.#clock.wallMs() - monotonicMs
    const byMs = seenMs - this.#seenMs
    this.#seenMs = seenMs
    if (Math.abs(byMs) > JUMP_MS_MIN) this.#believedAtMs = monotonicMs + BELIEVED_AFTER_MS
    else this.#steer(byMs)
    if (monotonicMs < this.#believedAtMs) this.#agree()
    else this.#earliestMs = this.#latestMs = seenMs
  }

  #steer(byMs: number): void {
    this.#earliestMs += byMs
    this.#latestMs += byMs
  }

  /** A bound that the clock has come to again, or is past, is its own time. */
  #agree(): void {
    if (this.#seenMs - this.#earliestMs <= JUMP_MS_MIN) this.#earliestMs = this.#seenMs
    if (this.#latestMs - this.#seenMs <= JUMP_MS_MIN) this.#latestMs = this.#seenMs
  }
}
