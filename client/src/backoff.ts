import type { ClientRandom } from './platform.ts'

/**
 * How long to wait before the next attempt: any time up to a bound that doubles with each failure (full
 * jitter), so that clients which lost one server together do not come back together.
 */
export class Backoff {
  readonly #random: ClientRandom
  readonly #firstMs: number
  readonly #maxMs: number
  #failures = 0

  constructor(random: ClientRandom, firstMs: number, maxMs: number) {
    this.#random = random
    this.#firstMs = firstMs
    this.#maxMs = maxMs
  }

  /** Counts a failure. */
  nextMs(): number {
    // More doublings than this are past every bound, and past what a number holds exactly.
    const boundMs = Math.min(this.#maxMs, this.#firstMs * 2 ** Math.min(this.#failures++, 30))
    return this.#random.fraction() * boundMs
  }

  reset(): void {
    this.#failures = 0
  }
}
