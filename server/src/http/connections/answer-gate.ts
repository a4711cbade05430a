import type { ServerResponse } from 'node:http'
import { afterThisTurn } from '../../clock/clock.ts'

/** Something whose answer is ready. */
export interface Answering {
  answer(): void
}

/**
 * Holds answers back until the turn of the event loop has brought all the requests it brings, and lets them go
 * together. An answer written while others wait to be read wakes its client at once, and waking, request by
 * request, costs more than a third of what a short request costs in all.
 */
export class AnswerGate {
  #waiting: Answering[] = []
  #opening: Promise<void> | undefined
  #written: ServerResponse[] = []
  readonly #answerAll = (): void => {
    const waiting = this.#waiting
    this.#waiting = []
    for (const one of waiting) one.answer()
  }
  readonly #endAll = (): void => {
    const written = this.#written
    this.#written = []
    for (const response of written) response.end()
  }

  /** Resolves at the end of this turn. */
  opened(): Promise<void> {
    this.#opening ??= new Promise((resolve) => {
      afterThisTurn(() => {
        this.#opening = undefined
        resolve()
      })
    })
    return this.#opening
  }

  /** The same for whoever does without a promise. */
  answerThen(one: Answering): void {
    if (this.#waiting.length === 0) afterThisTurn(this.#answerAll)
    this.#waiting.push(one)
  }

  /**
   * Ends a response whose body was written, once all those that go with it have left. Node lets each go by a tick of
   * its own: only what is queued when the first of those ticks has come is behind them all.
   */
  endAfterwards(response: ServerResponse): void {
    if (this.#written.length === 0) process.nextTick(process.nextTick, this.#endAll)
    this.#written.push(response)
  }
}
