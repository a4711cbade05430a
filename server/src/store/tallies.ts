/** Counts by name, and who has the most. Each step costs a few look-ups, however many names there are. */
export class Tallies {
  readonly #counts = new Map<string, number>()
  /** The names that have so many; those who came to it first come first. */
  readonly #names = new Map<number, Set<string>>()
  #most = 0

  of(name: string): number {
    return this.#counts.get(name) ?? 0
  }

  /** Who has the most; `undefined`: nobody has any. */
  largest(): string | undefined {
    const [name] = this.#names.get(this.#most) ?? []
    return name
  }

  add(name: string): void {
    const count = this.of(name) + 1
    this.#move(name, count - 1, count)
    this.#most = Math.max(this.#most, count)
  }

  /** One less, of a name that has some. */
  remove(name: string): void {
    const count = this.of(name)
    if (count === 0) return
    this.#move(name, count, count - 1)
    // Whoever had the most alone has the most still: nobody is between.
    if (!this.#names.has(this.#most)) this.#most--
  }

  #move(name: string, before: number, count: number): void {
    const old = this.#names.get(before)
    old?.delete(name)
    if (old?.size === 0) this.#names.delete(before)
    if (count === 0) {
      this.#counts.delete(name)
      return
    }
    this.#counts.set(name, count)
    const names = this.#names.get(count)
    if (names === undefined) this.#names.set(count, new Set([name]))
    else names.add(name)
  }
}
