import { RollcallError } from '@rollcall/protocol/error-code'
import type { Clock } from '../clock/clock.ts'
import type { EntryPosition } from '../store/store.ts'

/** How long a sender waits for receipts, and the signal that it went away. */
export type ReceiptWait = { readonly waitMs: number; readonly gone: AbortSignal }

/** What is known of an event's receipts. */
export type ReceiptCount = {
  /** Counted endpoints that have acknowledged. */
  readonly acknowledged: number
  /** Counted endpoints that had a link when the event was accepted. */
  readonly connected: number
  /** The server stopped before all was known. */
  readonly isCutShort?: true
}

/**
 * The senders that wait for the acknowledgements of their event: no thread, no polling. Each entry waited for
 * is told of once, whatever becomes of it. Bounded.
 */
export class Receipts {
  readonly #clock: Clock
  readonly #waitersMax: number
  readonly #watches = new Set<Watch>()
  /** By registration and sequence. Empty nearly always: who settles an entry pays one look. */
  readonly #byEntry = new Map<number, Map<number, Watch>>()
  #isEnding = false

  constructor(clock: Clock, waitersMax: number) {
    this.#clock = clock
    this.#waitersMax = waitersMax
  }

  /**
   * Takes a place, before anything is sent. It must be closed.
   *
   * @throws RollcallError `unavailable` where all are taken
   */
  open(): Watch {
    if (this.#watches.size >= this.#waitersMax)
      throw new RollcallError('unavailable', 'Too many requests wait for receipts.', { retryAfterSeconds: 1 })
    const watch = new Watch(this.#clock, this.#byEntry, (closed) => this.#watches.delete(closed))
    this.#watches.add(watch)
    if (this.#isEnding) watch.cutShort()
    return watch
  }

  /** An entry came to its end. */
  settled({ registration, sequence }: EntryPosition, isAcknowledged: boolean): void {
    if (this.#byEntry.size === 0) return
    const ofRegistration = this.#byEntry.get(registration.registrationId)
    const watch = ofRegistration?.get(sequence)
    ofRegistration?.delete(sequence)
    watch?.settled(isAcknowledged)
  }

  /** None of the registration's entries can be acknowledged any more. */
  registrationEnded(registrationId: number): void {
    const watches = this.#byEntry.get(registrationId)
    this.#byEntry.delete(registrationId)
    for (const watch of watches?.values() ?? []) watch.settled(false)
  }

  /** Whoever waits, now or later, is answered with what is known. */
  endAll(): void {
    this.#isEnding = true
    for (const watch of this.#watches) watch.cutShort()
  }
}

/** One sender's place. */
export class Watch {
  readonly #clock: Clock
  readonly #byEntry: Map<number, Map<number, Watch>>
  readonly #onClosed: (watch: Watch) => void
  #entries: readonly EntryPosition[] = []
  #open = 0
  #acknowledged = 0
  #connected: number | undefined
  #isEnded = false
  #isCutShort = false
  #onEnd: () => void = () => undefined

  constructor(clock: Clock, byEntry: Map<number, Map<number, Watch>>, onClosed: (watch: Watch) => void) {
    this.#clock = clock
    this.#byEntry = byEntry
    this.#onClosed = onClosed
  }

  /** `undefined`: the event was not sent for this request, so that nothing is known. */
  get count(): ReceiptCount | undefined {
    if (this.#connected === undefined) return undefined
    const count = { acknowledged: this.#acknowledged, connected: this.#connected }
    return this.#isCutShort && this.#open > 0 ? { ...count, isCutShort: true } : count
  }

  /** The event was accepted. Call before it is sent to anybody. */
  follow(entries: readonly EntryPosition[], connected: number): void {
    this.#connected = connected
    this.#entries = entries
    this.#open = entries.length
    for (const { registration, sequence } of entries) {
      const { registrationId } = registration
      const ofRegistration = this.#byEntry.get(registrationId) ?? new Map<number, Watch>()
      this.#byEntry.set(registrationId, ofRegistration.set(sequence, this))
    }
  }

  settled(isAcknowledged: boolean): void {
    if (isAcknowledged) this.#acknowledged++
    if (--this.#open === 0) this.end()
  }

  /** Resolves when every entry came to its end, the time is over, or nobody waits any more. */
  async wait({ waitMs, gone }: ReceiptWait): Promise<void> {
    if (this.#open === 0 || this.#isEnded || gone.aborted) return
    await new Promise<void>((resolve) => {
      const end = (): void => {
        timer.cancel()
        gone.removeEventListener('abort', end)
        resolve()
      }
      const timer = this.#clock.after(waitMs, end)
      gone.addEventListener('abort', end)
      this.#onEnd = end
    })
  }

  end(): void {
    this.#isEnded = true
    this.#onEnd()
  }

  /** Ends it before its time, unless there is nothing to wait for. */
  cutShort(): void {
    this.#isCutShort = true
    this.end()
  }

  /** Frees the place. */
  close(): void {
    for (const { registration, sequence } of this.#entries) {
      const ofRegistration = this.#byEntry.get(registration.registrationId)
      ofRegistration?.delete(sequence)
      if (ofRegistration?.size === 0) this.#byEntry.delete(registration.registrationId)
    }
    this.#onClosed(this)
  }
}
