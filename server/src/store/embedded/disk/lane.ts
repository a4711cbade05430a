import type { Clock, Timer } from '../../../clock/clock.ts'

const RETRY_MIN_MS = 250
const RETRY_MAX_MS = 5_000

/** Gets the failure when work begins to fail, and `undefined` when it succeeds again. */
export type Tell = (failure: unknown) => void

/** Work of one kind that is done step by step in the background, and tried again when it fails. */
export class Lane {
  readonly #clock: Clock
  readonly #step: () => Promise<boolean>
  readonly #tell: Tell
  readonly #waiting = new Set<{ check(): void; fail(error: unknown): void }>()
  #running: Promise<void> | undefined
  #isWoken = false
  #isClosed = false
  #retry: Timer | undefined
  #delayMs = RETRY_MIN_MS
  #failure: unknown
  #isFailing = false

  /** @param step does the next thing there is to do; resolves to whether there was one */
  constructor(clock: Clock, step: () => Promise<boolean>, tell: Tell) {
    this.#clock = clock
    this.#step = step
    this.#tell = tell
  }

  /** Why the last step failed; `undefined` when it did not. */
  get failure(): unknown {
    return this.#failure
  }

  /** There may be something to do. */
  wake(): void {
    this.#isWoken = true
    if (this.#running !== undefined || this.#retry !== undefined || this.#isClosed) return
    this.#running = this.#run()
  }

  /** Tries again now what has failed. */
  retryNow(): void {
    this.#retry?.cancel()
    this.#retry = undefined
    this.#delayMs = RETRY_MIN_MS
    this.#failure = undefined
    this.wake()
  }

  /** Resolves once a step has made it true; rejects when one fails, or has failed and is not tried right now. */
  async until(isTrue: () => boolean): Promise<void> {
    if (isTrue()) return
    this.wake()
    if (this.#failure !== undefined) throw this.#failure
    await new Promise<void>((resolve, reject) => {
      const waiter = {
        check: () => {
          if (!isTrue()) return
          this.#waiting.delete(waiter)
          resolve()
        },
        fail: (error: unknown) => {
          this.#waiting.delete(waiter)
          reject(error)
        },
      }
      this.#waiting.add(waiter)
    })
  }

  /** Resolves once nothing is under way. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#retry?.cancel()
    await this.#running
    for (const waiter of this.#waiting) waiter.fail(new Error('the store is closed'))
  }

  async #run(): Promise<void> {
    try {
      for (let hasMore = true; (hasMore || this.#isWoken) && !this.#isClosed; ) {
        this.#isWoken = false
        hasMore = await this.#step()
        this.#succeed()
        for (const waiter of this.#waiting) waiter.check()
      }
      this.#running = undefined
    } catch (error) {
      this.#running = undefined
      this.#fail(error)
    }
  }

  #succeed(): void {
    if (this.#isFailing) this.#tell(undefined)
    this.#isFailing = false
    this.#failure = undefined
    this.#delayMs = RETRY_MIN_MS
  }

  #fail(error: unknown): void {
    this.#failure = error
    if (!this.#isFailing && !this.#isClosed) this.#tell(error)
    this.#isFailing = true
    for (const waiter of this.#waiting) waiter.fail(error)
    if (this.#isClosed) return
    this.#retry = this.#clock.after(this.#delayMs, () => {
      this.#retry = undefined
      this.wake()
    })
    this.#delayMs = Math.min(this.#delayMs * 2, RETRY_MAX_MS)
  }
}
