import { afterThisTurn } from '../../clock/clock.ts'

/** Something that holds back what it was given until the turn ends. */
export interface Gathering {
  endTurn(): void
}

/**
 * Ends the turn of the event loop for all sockets that were written to in it: once everything that this turn
 * brings was worked off, all of it is written in one go. Writing in between wakes the other ends one by one,
 * which costs more than the writing itself; and one callback serves all sockets.
 */
export class TurnEnd {
  #waiting: Gathering[] = []
  readonly #run = (): void => {
    const waiting = this.#waiting
    this.#waiting = []
    for (const gathering of waiting) gathering.endTurn()
  }

  add(gathering: Gathering): void {
    if (this.#waiting.length === 0) afterThisTurn(this.#run)
    this.#waiting.push(gathering)
  }
}
