/** Something that holds back what it was given until the tick ends. */
export interface Gathering {
  endTick(): void
}

/**
 * Ends the tick for all sockets that were written to in it. One of these for all of them: a callback of its
 * own for each packet would cost more than gathering saves.
 */
export class TickEnd {
  #waiting: Gathering[] = []
  readonly #run = (): void => {
    const waiting = this.#waiting
    this.#waiting = []
    for (const gathering of waiting) gathering.endTick()
  }

  add(gathering: Gathering): void {
    if (this.#waiting.length === 0) process.nextTick(this.#run)
    this.#waiting.push(gathering)
  }
}
