import { afterThisTurn, type Timer } from '../clock/clock.ts'
import { type EndingsContext, tell } from './endings.ts'

/** How often the mailboxes are looked through for events whose time is over, milliseconds. */
const PERIOD_MS = 250
/** Entries looked at before everybody else gets a turn. */
const SLICE = 500

/** Sweeps out what was not delivered in time. What is about to be sent is judged when it is, however late this is. */
export class Lifetimes {
  readonly #context: EndingsContext
  #timer: Timer | undefined
  #isSweeping = false

  constructor(context: EndingsContext) {
    this.#context = context
  }

  start(): void {
    this.#timer ??= this.#context.clock.every(PERIOD_MS, () => {
      if (!this.#isSweeping) this.#sweep()
    })
  }

  close(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #sweep(): void {
    const { store, links } = this.#context
    const expired = store.mailboxes.expireDue(SLICE, links.sentThrough)
    tell(this.#context, expired, 'expired')
    this.#isSweeping = expired.length === SLICE
    if (this.#isSweeping)
      afterThisTurn(() => {
        this.#isSweeping = false
        if (this.#timer !== undefined) this.#sweep()
      })
  }
}
