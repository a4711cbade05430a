/** What came lately, so that it is known when it comes again; of so many the oldest is forgotten. */
export class Recent {
  readonly #max: number
  readonly #ids = new Set<string>()

  constructor(max: number) {
    this.#max = max
  }

  /** Whether it was there before; from now on it was. */
  isKnown(id: string): boolean {
    if (this.#ids.has(id)) return true
    this.#ids.add(id)
    const [oldest] = this.#ids
    if (this.#ids.size > this.#max && oldest !== undefined) this.#ids.delete(oldest)
    return false
  }
}
