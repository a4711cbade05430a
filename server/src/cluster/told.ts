/** Numbers that came out of their order and are kept; past it what is missing is looked for anyway. */
const AHEAD_MAX = 10_000

/** How many messages there were to hear, by the part of the store that counts them: see `NeighbourStore.told`. */
type Counts = ReadonlyMap<number, number | undefined>

/**
 * What this node has heard of what it was to be told. The store counts that, each of its parts for itself, and each message
 * bears its number: where a number is missing for longer than messages take, one was lost.
 */
export class Told {
  #parts = new Map<number, ToldByPart>()

  /** A message came, in whatever order, perhaps twice. */
  heard(part: number, number: number): void {
    this.#part(part).heard(number)
  }

  /** @returns the parts of which something was missed, given that there is so much to hear now: it was there at the last look */
  look(counts: Counts): readonly number[] {
    return [...counts].flatMap(([part, number]) =>
      number !== undefined && this.#part(part).look(number) ? [part] : [],
    )
  }

  /** All of a part up to this number was looked for. */
  caughtUp(part: number, number: number): void {
    this.#part(part).caughtUp(number)
  }

  /** The node has another name: whoever counts begins anew. */
  reset(): void {
    this.#parts = new Map()
  }

  #part(part: number): ToldByPart {
    const known = this.#parts.get(part)
    if (known !== undefined) return known
    const made = new ToldByPart()
    this.#parts.set(part, made)
    return made
  }
}

class ToldByPart {
  /** All up to here were heard, or looked for. */
  #through = 0
  readonly #ahead = new Set<number>()
  /** What there was to hear at the last look. */
  #known = 0

  heard(number: number): void {
    if (number <= this.#through || this.#ahead.size >= AHEAD_MAX) return
    this.#ahead.add(number)
    while (this.#ahead.delete(this.#through + 1)) this.#through++
  }

  look(number: number): boolean {
    // Whoever counts has lost something, and what there was to hear with it.
    const isLess = number < this.#known
    const isMissed = isLess || this.#through < this.#known
    if (isLess) this.#beginAnew()
    this.#known = number
    return isMissed
  }

  caughtUp(number: number): void {
    this.#through = Math.max(this.#through, number)
    for (const one of this.#ahead) if (one <= this.#through) this.#ahead.delete(one)
    while (this.#ahead.delete(this.#through + 1)) this.#through++
  }

  #beginAnew(): void {
    this.#through = 0
    this.#ahead.clear()
  }
}
