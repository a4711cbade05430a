import type { Recorder } from '../history/recorder.ts'

/** Silence after which the server is taken to stand still: from a second on it gives everybody a full period anew. */
const STILL_MS = 500
const PAUSE_MS = 100

/**
 * Asks the server all the time whether it is there. A machine that is too busy lets it stand still, and then time does so too, which
 * is no fault of its own: the history says when, and for how long.
 */
export class Standstills {
  readonly #url: string
  readonly #recorder: Pick<Recorder, 'fault'>
  #isOver = false
  #running: Promise<void> | undefined
  /** How often it stood still. */
  count = 0

  constructor(url: string, recorder: Pick<Recorder, 'fault'>) {
    this.#url = url
    this.#recorder = recorder
  }

  start(): void {
    this.#running ??= this.#watch()
  }

  /** Resolves once the last answer was there. */
  async stop(): Promise<void> {
    this.#isOver = true
    await this.#running
  }

  async #watch(): Promise<void> {
    while (!this.#isOver) {
      await this.#ask()
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }

  async #ask(): Promise<void> {
    const ends: (() => void)[] = []
    const timer = setTimeout(() => {
      this.count++
      ends.push(this.#recorder.fault('node_froze', 'node'))
    }, STILL_MS)
    await fetch(`${this.#url}/health/live`).catch(() => undefined)
    clearTimeout(timer)
    for (const end of ends) end()
  }
}
