import type { SharedFigures } from '../observe/observe.ts'

const HERE = Promise.resolve()

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
  readonly #refused = { share: 0, full: 0 }

  constructor({ runningMax, waitingMax }: { readonly runningMax: number; readonly waitingMax: number }) {
    this.#runningMax = runningMax
    this.#waitingMax = waitingMax
  }

  /** Of the works that are done and those that wait. */
  get figures(): SharedFigures {
    const max = this.#runningMax + this.#waitingMax
    return { used: this.#running + this.#waitingCount, max, refused: { ...this.#refused } }
  }

  /** Does the work when it is its turn; `undefined`: there is not even room to wait, and it will not be done. */
  run<T>(whose: string, work: () => Promise<T>): Promise<T> | undefined {
    const entered = this.#enter(whose)
    return entered === undefined ? undefined : this.#work(entered, work)
  }

  async #work<T>(entered: Promise<void>, work: () => Promise<T>): Promise<T> {
    try {
      // Begun at once where nobody waits.
      if (entered !== HERE) await entered
      return await work()
    } finally {
      this.#leave()
    }
  }

  #enter(whose: string): Promise<void> | undefined {
    if (this.#running < this.#runningMax) {
      this.#running++
      return HERE
    }
    const own = this.#waiting.get(whose) ?? []
    const free = this.#waitingMax - this.#waitingCount
    if (free <= 0 || own.length >= free) {
      this.#refused[free <= 0 ? 'full' : 'share']++
      return undefined
    }
    this.#waiting.set(whose, own)
    this.#waitingCount++
    return new Promise((resolve) => own.push(resolve))
  }

  /** Hands the place on. */
  #leave(): void {
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
