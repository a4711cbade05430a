import type { Clock, Timer } from '../../clock/clock.ts'

/** Does something a little later, once for all who have asked for it until then. */
export class Soon {
  readonly #clock: Pick<Clock, 'after'>
  readonly #delayMs: number
  readonly #run: () => Promise<unknown>
  #timer: Timer | undefined
  #running: Promise<unknown> = Promise.resolve()

  constructor(clock: Pick<Clock, 'after'>, delayMs: number, run: () => Promise<unknown>) {
    this.#clock = clock
    this.#delayMs = delayMs
    this.#run = run
  }

  soon(): void {
    this.#timer ??= this.#clock.after(this.#delayMs, () => {
      this.#timer = undefined
      this.#running = this.#run().catch(() => undefined)
    })
  }

  get idle(): Promise<unknown> {
    return this.#running
  }

  close(): void {
    this.#timer?.cancel()
  }
}
