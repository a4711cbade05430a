import { afterThisTurn, type Clock } from '../clock/clock.ts'
import type { Worker } from './work-meter.ts'

/** Whose turn it is: a user or backend. */
export function turnOf({ organizationId, userId }: Worker): string {
  return `${organizationId ?? ''}/${userId}`
}

/** A turn of the event loop that took longer had others wait: milliseconds. */
const LONG_MS = 5
/** Nobody rests longer than this, whatever its turn has taken: milliseconds. */
const REST_MS_MAX = 100

/** Those of one caller that wait for its turn. */
type Queue = (() => void)[]

/**
 * Turns for work that takes long: one of them in each turn of the event loop, callers one after the other. Who has
 * begun a hundred things waits for its own; whoever comes next waits for one slice of each caller; and what is
 * short, and asks for no turn, is not held up by more than one slice. Most of what is short takes several turns of the
 * loop: so a caller whose slice was long has the next one only after it has rested as long.
 *
 * Bounded by whoever asks: everything that waits here is a request or a packet that was counted elsewhere.
 */
export class Turns {
  readonly #clock: Pick<Clock, 'monotonicMs' | 'after'>
  /** In the order of their turns. */
  readonly #ready = new Map<string, Queue>()
  /** Callers that have just had theirs, until the next may come; some wait for nothing. */
  readonly #resting = new Map<string, Queue>()
  #isComing = false

  constructor(clock: Pick<Clock, 'monotonicMs' | 'after'>) {
    this.#clock = clock
  }

  /** Callers that wait for their turn. */
  get waiting(): number {
    const resting = [...this.#resting.values()].filter((queue) => queue.length > 0)
    return this.#ready.size + resting.length
  }

  /** Resolves when it is the caller's turn: it may work for some milliseconds, and ask again. */
  next(caller: string): Promise<void> {
    return new Promise((resolve) => {
      const queue = this.#resting.get(caller) ?? this.#ready.get(caller)
      if (queue === undefined) this.#ready.set(caller, [resolve])
      else queue.push(resolve)
      this.#come()
    })
  }

  #come(): void {
    if (this.#isComing || this.#ready.size === 0) return
    this.#isComing = true
    afterThisTurn(() => {
      this.#isComing = false
      this.#grant()
      this.#come()
    })
  }

  /** The caller that has waited longest; it goes to the end of the row. */
  #grant(): void {
    const [first] = this.#ready
    if (first === undefined) return
    const [caller, [resolve, ...others]] = first
    this.#ready.delete(caller)
    this.#resting.set(caller, others)
    const startedMs = this.#clock.monotonicMs()
    afterThisTurn(() => {
      const tookMs = this.#clock.monotonicMs() - startedMs
      if (tookMs <= LONG_MS) this.#wake(caller)
      else this.#clock.after(Math.min(tookMs, REST_MS_MAX), () => this.#wake(caller))
    })
    resolve?.()
  }

  #wake(caller: string): void {
    const queue = this.#resting.get(caller)
    this.#resting.delete(caller)
    if (queue === undefined || queue.length === 0) return
    this.#ready.set(caller, queue)
    this.#come()
  }
}
