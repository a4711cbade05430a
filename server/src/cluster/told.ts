/** Numbers that came out of their order and are kept; past it what is missing is looked for anyway. */
const AHEAD_MAX = 10_000

/**
 * What this node has heard of what it was to be told. The store counts that, and each message bears its number: where a number
 * is missing for longer than messages take, one was lost.
 */
export class Told {
  /** All up to here were heard, or looked for. */
  #through = 0
  #ahead = new Set<number>()
  /** What there was to hear at the last look. */
  #known = 0

  /** A message came, in whatever order, perhaps twice. */
  heard(number: number): void {
    if (number <= this.#through || this.#ahead.size >= AHEAD_MAX) return
    this.#ahead.add(number)
    while (this.#ahead.delete(this.#through + 1)) this.#through++
  }

  /** @returns whether something was missed, given that there is so much to hear now: it was there at the last look already */
  look(number: number): boolean {
    const isMissed = this.#through < this.#known
    this.#known = number
    return isMissed
  }

  /** All up to this number was looked for. */
  caughtUp(number: number): void {
    this.#through = Math.max(this.#through, number)
    for (const one of this.#ahead) if (one <= this.#through) this.#ahead.delete(one)
    while (this.#ahead.delete(this.#through + 1)) this.#through++
  }

  /** The node has another name: whoever counts begins anew. */
  reset(): void {
    this.#through = 0
    this.#ahead = new Set()
    this.#known = 0
  }
}
