/** The ids of the last few events that were handed out: what comes again is dropped. */
export class EventMemory {
  readonly #ids = new Set<string>()
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  has(id: string): boolean {
    return this.#ids.has(id)
  }

  add(id: string): void {
    this.#ids.add(id)
    if (this.#ids.size <= this.#max) return
    // Sets keep the order of insertion: the first is the oldest.
    for (const oldest of this.#ids) {
      this.#ids.delete(oldest)
      return
    }
  }
}
