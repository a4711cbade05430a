import { GRACE_MS } from '@rollcall/protocol/limits'
import type { Clock, Timer } from '../clock/clock.ts'
import type { EntryPosition, Sender, UserKey } from '../store/store.ts'
import type { Waiting } from './command/waiting.ts'

/** An event by whom it is for and who sent it, as `CallDraft` has it: others may have sent something under its id. */
export type AwaitedEvent = { readonly to: UserKey; readonly senderId: string; readonly eventId: string }

/** The same, with what its sender was: so the history finds it. */
export type ExpectedEvent = AwaitedEvent & { readonly sentBy: Sender }

/** How long a sender waits for receipts, and the signal that it went away. */
export type ReceiptWait = { readonly waitMs: number; readonly gone: AbortSignal }

/** What is known of an event's receipts. */
export type ReceiptCount = {
  /** Counted endpoints that have acknowledged. */
  readonly acknowledged: number
  /**
   * Counted endpoints that had a link when the event was accepted; where none had, those that got one while it was
   * waited for.
   */
  readonly connected: number
  /** The endpoint that was the first to answer, where that was waited for and somebody has. */
  readonly answeredBy?: string
  /** The server stopped before all was known. */
  readonly isCutShort?: true
}

/** One sender's place, from before its event is sent until its request is answered. */
export class Waiter {
  readonly #clock: Clock
  readonly #waiting: Waiting
  entries: readonly EntryPosition[] = []
  /** Those whose registration has ended first, as far as is known here: the word of another process may be on its way. */
  readonly doubtful: EntryPosition[] = []
  /** The event that it waits for, once that was accepted. */
  event: ExpectedEvent | undefined
  /** Under which it waits for an answer; empty: it does not. */
  eventName = ''
  /** Entries of which nothing is known yet, and those of which an answer may still come. */
  #open = 0
  #answerable = 0
  #acknowledged = 0
  #connected: number | undefined
  /** Registrations that got a link where none had one. */
  readonly #came = new Set<number>()
  #answeredBy: string | undefined
  #isEnded = false
  #isCutShort = false
  #onEnd: () => void = () => undefined

  constructor(clock: Clock, waiting: Waiting) {
    this.#clock = clock
    this.#waiting = waiting
  }

  get waitsForAnswer(): boolean {
    return this.#waiting.waitFor === 'answered'
  }

  /** `undefined`: the event was not sent for this request, so that nothing is known. */
  get count(): ReceiptCount | undefined {
    if (this.#connected === undefined) return undefined
    const count = { acknowledged: this.#acknowledged, connected: this.#connected || this.#came.size }
    if (this.#answeredBy !== undefined) return { ...count, answeredBy: this.#answeredBy }
    return this.#isCutShort && !this.isOver ? { ...count, isCutShort: true } : count
  }

  begin(entries: readonly EntryPosition[], connected: number): void {
    this.#connected = connected
    this.entries = entries
    this.#open = entries.length
    this.#answerable = entries.length
  }

  entryEnded(isAcknowledged: boolean): void {
    this.#open--
    if (isAcknowledged) this.#acknowledged++
    else this.#answerable--
    if (this.isOver) this.end()
  }

  /** None of its entries can be acknowledged any more; whether they had been, others may know by now. */
  registrationEnded(registrationId: number): void {
    const entry = this.entries.find(({ registration }) => registration.registrationId === registrationId)
    if (entry !== undefined) this.doubtful.push(entry)
    this.entryEnded(false)
  }

  /** A doubtful entry had been acknowledged before. */
  wasAcknowledged(): void {
    this.#acknowledged++
  }

  answered(userEndpointId: string): void {
    this.#answeredBy = userEndpointId
    this.end()
  }

  connected(registrationId: number): void {
    this.#came.add(registrationId)
  }

  /**
   * Resolves when there is nothing more to wait for, the time is over, or nobody waits any more; and after the grace
   * where nothing is connected, for then nothing is to be expected.
   */
  async wait({ waitMs, gone }: ReceiptWait, hearOfLinks?: () => Promise<void>): Promise<void> {
    if (this.isOver || this.#isEnded || gone.aborted) return
    await new Promise<void>((resolve) => {
      const timers: Timer[] = []
      const end = (): void => {
        for (const timer of timers) timer.cancel()
        gone.removeEventListener('abort', end)
        resolve()
      }
      timers.push(this.#clock.after(waitMs, end))
      const graceMs = this.#waiting.graceMs ?? GRACE_MS
      if (this.#connected === 0 && graceMs < waitMs)
        timers.push(this.#clock.after(graceMs, () => void this.#giveUpAlone(end, hearOfLinks)))
      gone.addEventListener('abort', end)
      this.#onEnd = end
    })
  }

  /** After the grace: nothing is connected, nor has been meanwhile. */
  async #giveUpAlone(end: () => void, hearOfLinks?: () => Promise<void>): Promise<void> {
    // Who cannot be asked of is waited for.
    if (this.#came.size === 0 && (await hearOfLinks?.().catch(() => 'unknown')) === 'unknown') return
    if (this.#came.size === 0) end()
  }

  /** Nothing is left to wait for. */
  get isOver(): boolean {
    if (this.#answeredBy !== undefined) return true
    return this.waitsForAnswer ? this.#answerable === 0 : this.#open === 0
  }

  /** Ends it before its time, unless there is nothing to wait for. */
  cutShort(): void {
    this.#isCutShort = true
    this.end()
  }

  end(): void {
    this.#isEnded = true
    this.#onEnd()
  }
}
