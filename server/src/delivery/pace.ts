import { afterThisTurn, type Clock } from '../clock/clock.ts'

/** Time that work on one thing may take before others have their turn, milliseconds. */
const SLICE_MS = 5

/** Tells whoever works through much when to let others run. */
export class Pace {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  #untilMs: number

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
    this.#untilMs = clock.monotonicMs() + SLICE_MS
  }

  get isOver(): boolean {
    return this.#clock.monotonicMs() >= this.#untilMs
  }

  /** Resolves after the others had their turn. */
  async rest(): Promise<void> {
    await new Promise<void>((resolve) => afterThisTurn(resolve))
    this.#untilMs = this.#clock.monotonicMs() + SLICE_MS
  }
}
