import { afterThisTurn } from '../clock/clock.ts'
import type { Worker } from './work-meter.ts'

/** Whose turn it is: a user or backend. */
export function turnOf({ organizationId, userId }: Worker): string {
  return `${organizationId ?? ''}/${userId}`
}

/**
 * Turns for work that takes long: one of them in each turn of the event loop, callers one after the other. Who has
 * begun a hundred things waits for its own; whoever comes next waits for one slice of each caller; and what is
 * short, and asks for no turn, is not held up by more than one slice.
 *
 * Bounded by whoever asks: everything that waits here is a request or a packet that was counted elsewhere.
 */
export class Turns {
  readonly #byCaller = new Map<string, (() => void)[]>()
  #isComing = false

  /** Callers that wait for their turn. */
  get waiting(): number {
    return this.#byCaller.size
  }

  /** Resolves when it is the caller's turn: it may work for some milliseconds, and ask again. */
  next(caller: string): Promise<void> {
    return new Promise((resolve) => {
      const queue = this.#byCaller.get(caller)
      if (queue === undefined) this.#byCaller.set(caller, [resolve])
      else queue.push(resolve)
      this.#come()
    })
  }

  #come(): void {
    if (this.#isComing) return
    this.#isComing = true
    afterThisTurn(() => {
      this.#isComing = false
      this.#grant()
      if (this.#byCaller.size > 0) this.#come()
    })
  }

  /** The caller that has waited longest; it goes to the end of the row. */
  #grant(): void {
    const [first] = this.#byCaller
    if (first === undefined) return
    const [caller, queue] = first
    this.#byCaller.delete(caller)
    const [resolve, ...rest] = queue
    if (rest.length > 0) this.#byCaller.set(caller, rest)
    resolve?.()
  }
}
