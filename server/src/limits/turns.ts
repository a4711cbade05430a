import { afterThisTurn } from '../clock/clock.ts'

/** Time that one caller's work may take before another's turn, milliseconds. */
const SLICE_MS = 5

/**
 * Work that takes long, in slices, one caller after the other: who has begun a hundred things waits for its own, and
 * whoever comes next waits for one slice of each caller. Between slices the event loop turns, so that what is short
 * is not held up at all.
 */
export class Turns {
  readonly #clock: { monotonicMs(): number }
  readonly #byCaller = new Map<string, Slices[]>()
  #isRunning = false

  constructor(clock: { monotonicMs(): number }) {
    this.#clock = clock
  }

  /** Callers whose work waits. */
  get waiting(): number {
    return this.#byCaller.size
  }

  /**
   * Works through `steps`, which rests wherever it yields.
   *
   * @returns what it returns; rejects with what it throws
   */
  work<T>(caller: string, steps: Iterator<unknown, T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const slices: Slices = {
        next: () => {
          const step = steps.next()
          if (step.done === true) resolve(step.value)
          return step.done === true
        },
        fail: reject,
      }
      const queue = this.#byCaller.get(caller)
      if (queue === undefined) this.#byCaller.set(caller, [slices])
      else queue.push(slices)
      this.#run()
    })
  }

  #run(): void {
    if (this.#isRunning) return
    this.#isRunning = true
    afterThisTurn(() => {
      this.#isRunning = false
      this.#slice()
      if (this.#byCaller.size > 0) this.#run()
    })
  }

  /** The first caller's turn; it goes to the end of the row. */
  #slice(): void {
    const [first] = this.#byCaller
    if (first === undefined) return
    const [caller, queue] = first
    this.#byCaller.delete(caller)
    const untilMs = this.#clock.monotonicMs() + SLICE_MS
    while (queue[0] !== undefined && this.#clock.monotonicMs() < untilMs) if (step(queue[0])) queue.shift()
    if (queue.length > 0) this.#byCaller.set(caller, queue)
  }
}

type Slices = {
  /** One step; whether it was the last. */
  next(): boolean
  fail(error: unknown): void
}

function step(slices: Slices): boolean {
  try {
    return slices.next()
  } catch (error) {
    slices.fail(error)
    return true
  }
}
