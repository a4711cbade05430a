/**
 * Few places, and a bounded queue for them in which whoever waits is let in by turns, not by numbers. Who comes alone
 * may fill half of the queue; a newcomer finds room as long as anybody could (dynamic thresholds: nobody may have more
 * waiting than is free).
 */
export class FairQueue {
  readonly #runningMax: number
  readonly #waitingMax: number
  /** Who waits, in the order of the turns. */
  readonly #waiting = new Map<string, (() => void)[]>()
  #waitingCount = 0
  #running = 0

  constructor({ runningMax, waitingMax }: { readonly runningMax: number; readonly waitingMax: number }) {
    this.#runningMax = runningMax
    this.#waitingMax = waitingMax
  }

  /** Resolves when there is a place, to be left afterwards; `undefined`: there is not even room to wait. */
  enter(whose: string): Promise<void> | undefined {
    if (this.#running < this.#runningMax) {
      this.#running++
      return Promise.resolve()
    }
    const own = this.#waiting.get(whose) ?? []
    const free = this.#waitingMax - this.#waitingCount
    if (free <= 0 || own.length >= free) return undefined
    this.#waiting.set(whose, own)
    this.#waitingCount++
    return new Promise((resolve) => own.push(resolve))
  }

  /** Hands the place on. */
  leave(): void {
    const [turn] = this.#waiting
    if (turn === undefined) {
      this.#running--
      return
    }
    const [whose, [next, ...others]] = turn
    this.#waiting.delete(whose)
    if (others.length > 0) this.#waiting.set(whose, others)
    this.#waitingCount--
    next?.()
  }
}
