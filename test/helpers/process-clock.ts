import type { Clock } from '../../server/src/clock/clock.ts'

/**
 * The clock of one process of several on one machine's simulated time. Its wall clock may differ from the others'; the process
 * may stand still, when nothing reaches it and what fell due runs once it goes on, or die, when nothing ever does.
 */
export class ProcessClock implements Clock {
  readonly #clock: Clock
  readonly #wallOffsetMs: number
  #state: 'running' | 'frozen' | 'dead' = 'running'
  #waiting: (() => void)[] = []

  constructor(clock: Clock, wallOffsetMs = 0) {
    this.#clock = clock
    this.#wallOffsetMs = wallOffsetMs
  }

  get isRunning(): boolean {
    return this.#state === 'running'
  }

  get isDead(): boolean {
    return this.#state === 'dead'
  }

  freeze(): void {
    if (this.#state === 'running') this.#state = 'frozen'
  }

  /** What waited runs now, in the order in which it came. */
  goOn(): void {
    if (this.#state !== 'frozen') return
    this.#state = 'running'
    const waiting = this.#waiting
    this.#waiting = []
    for (const run of waiting) this.enter(run)
  }

  die(): void {
    this.#state = 'dead'
    this.#waiting = []
  }

  /** Runs something in the process: now, once it goes on, or never. */
  enter(run: () => void): void {
    if (this.#state === 'running') run()
    else if (this.#state === 'frozen') this.#waiting.push(run)
  }

  /** An answer from outside, as the process hears it. */
  hear<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      answer.then(
        (value) => this.enter(() => resolve(value)),
        (error) => this.enter(() => reject(error)),
      )
    })
  }

  wallMs(): number {
    return this.#clock.wallMs() + this.#wallOffsetMs
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs()
  }

  after(delayMs: number, run: () => void) {
    let isCancelled = false
    const timer = this.#clock.after(delayMs, () => this.enter(() => isCancelled || run()))
    return {
      cancel: () => {
        isCancelled = true
        timer.cancel()
      },
    }
  }

  every(periodMs: number, run: () => void) {
    let isCancelled = false
    let isWaiting = false
    const timer = this.#clock.every(periodMs, () => {
      // Once, however often it fell due.
      if (isWaiting) return
      isWaiting = true
      this.enter(() => {
        isWaiting = false
        if (!isCancelled) run()
      })
    })
    return {
      cancel: () => {
        isCancelled = true
        timer.cancel()
      },
    }
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.after(delayMs, resolve))
  }
}
