import type { Clock } from '../clock/clock.ts'

/**
 * Numbers for what happens at one node, of which each is higher than all that this node has given or heard of before: of two
 * things of which one was known to the other, the later has the higher (a hybrid of the wall clock and Lamport's). Where neither
 * was known, clocks decide, which may be seconds apart; and where they say the same, the nodes' names do.
 */
export class Stamps {
  readonly #clock: Pick<Clock, 'wallMs'>
  #last = 0

  constructor(clock: Pick<Clock, 'wallMs'>) {
    this.#clock = clock
  }

  next(): number {
    this.#last = Math.max(this.#last + 1, this.#clock.wallMs())
    return this.#last
  }

  heard(stamp: number): void {
    if (Number.isSafeInteger(stamp)) this.#last = Math.max(this.#last, stamp)
  }
}
