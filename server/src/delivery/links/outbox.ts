import type { DisconnectReason } from '@rollcall/protocol/lifecycle'
import type { EntryPosition, MailboxEntry, MailboxStore, Registration } from '../../store/store.ts'
import type { Attachment, Link } from './link.ts'

/** Entries and bytes read from a mailbox at a time: enough to fill a link's quota, little enough to hold. */
const PAGE_ENTRIES_MAX = 64
const PAGE_BYTES_MAX = 524_288

/** Where an event stands in a mailbox. */
export type Position = { readonly sequence: number; readonly follows: number }

/** A QoS 1 event that became durable. */
export type Pushed = {
  readonly bytes: Uint8Array
  /** When it was accepted, on the monotonic clock. */
  readonly acceptedAtMs: number
  /** Whether it may have left the mailbox meanwhile: replaced, cancelled, or its time is over. */
  readonly mayBeGone: boolean
  readonly expiresAtWallMs: number | undefined
}

/** How an entry left its mailbox. */
export type Ending = 'acknowledged' | 'discarded' | 'expired'

/** What an outbox needs of its surroundings. */
export type OutboxContext = {
  readonly mailboxes: Pick<MailboxStore, 'read' | 'has'>
  nowWallMs(): number
  /** The clear bytes of an entry, `undefined` when its seal cannot be opened. */
  open(registration: Registration, entry: MailboxEntry): Uint8Array | undefined
  /** An entry was handed to the link. */
  onSent(entry: EntryPosition): void
  /** An entry is over and to be removed: `sinceMs` is when it was accepted, on the monotonic clock. */
  onEnded(position: EntryPosition, ending: Ending, sinceMs: number | undefined): void
  /** Reading the mailbox failed: `resume` is to be called after a while. */
  onReadFailed(outbox: Outbox, error: unknown): void
  /** The link was detached. */
  onDetached(outbox: Outbox, reason: DisconnectReason): void
}

/**
 * Sends one endpoint's QoS 1 events over one link in mailbox order, each again on the next link until it is
 * acknowledged.
 *
 * Two states. *Live*: everything up to `#sentSequence` was sent, and a pushed event that comes next goes out
 * from memory. *Behind*: something was not sent (a backlog, a gap, a used-up quota), so pushes are only
 * noted and events are read from the mailbox, which alone knows the order. Memory stays bounded either way.
 */
export class Outbox implements Attachment {
  readonly registration: Registration
  readonly #link: Link
  readonly #context: OutboxContext
  #sentSequence = 0
  #started = false
  #live = false
  #reading = false
  /** Something happened while a page was being read, so that an empty page does not mean the end. */
  #noted = false
  #detached = false

  constructor(registration: Registration, link: Link, context: OutboxContext) {
    this.registration = registration
    this.#link = link
    this.#context = context
  }

  get link(): Link {
    return this.#link
  }

  /** The last entry that was handed to the link: what waits up to it is in flight. */
  get sentThrough(): number {
    return this.#detached ? 0 : this.#sentSequence
  }

  start(): void {
    this.#started = true
    this.#catchUp()
  }

  resume(): void {
    this.#catchUp()
  }

  detach(reason: DisconnectReason = 'connection_lost'): void {
    if (this.#detached) return
    this.#detached = true
    this.#context.onDetached(this, reason)
  }

  /** Sends a QoS 0 event now, whatever waits. */
  sendNow(payload: Uint8Array): boolean {
    return !this.#detached && this.#link.send({ payload, qos: 0 })
  }

  /**
   * A QoS 1 event became durable at `sequence` of the mailbox, next after the entry `follows`.
   *
   * @returns whether it went out at once
   */
  push({ sequence, follows }: Position, event: Pushed): boolean {
    if (this.#detached) return false
    if (event.mayBeGone && this.#isOver(sequence, event.expiresAtWallMs)) return false
    const isNext = this.#live && follows <= this.#sentSequence && sequence > this.#sentSequence
    if (isNext && this.#send(sequence, event.bytes, event.acceptedAtMs)) return true
    if (sequence > this.#sentSequence) this.#catchUp()
    return false
  }

  /** Whether an entry must not be sent any more; ends it where its time is over. */
  #isOver(sequence: number, expiresAtWallMs = Number.POSITIVE_INFINITY): boolean {
    if (!this.#context.mailboxes.has(this.registration, sequence)) return true
    if (this.#context.nowWallMs() < expiresAtWallMs) return false
    this.#end(sequence, 'expired', undefined)
    return true
  }

  #send(sequence: number, payload: Uint8Array, sinceMs: number | undefined): boolean {
    const acknowledged = (ending: Ending = 'acknowledged'): void => this.#end(sequence, ending, sinceMs)
    const taken = this.#link.send({ payload, qos: 1, acknowledged })
    if (!taken) {
      this.#live = false
      return false
    }
    this.#sentSequence = sequence
    this.#context.onSent({ registration: this.registration, sequence })
    return true
  }

  #end(sequence: number, ending: Ending, sinceMs: number | undefined): void {
    this.#context.onEnded({ registration: this.registration, sequence }, ending, sinceMs)
  }

  #catchUp(): void {
    this.#noted = true
    if (this.#reading || this.#detached || !this.#started) return
    this.#reading = true
    this.#live = false
    this.#readPages()
      .catch((error: unknown) => this.#context.onReadFailed(this, error))
      .finally(() => {
        this.#reading = false
      })
  }

  /** Reads and sends until the mailbox has nothing further (then live) or the link refuses (then `resume` continues). */
  async #readPages(): Promise<void> {
    while (this.#noted && !this.#detached) {
      this.#noted = false
      const page = await this.#readPage()
      if (this.#detached) return
      const sent = this.#sendPage(page)
      if (sent < page.length) return
      if (page.length > 0) this.#noted = true
      else if (!this.#noted) this.#live = true
    }
  }

  #readPage(): Promise<readonly MailboxEntry[]> {
    const { mailboxes } = this.#context
    return mailboxes.read(this.registration, this.#sentSequence, PAGE_ENTRIES_MAX, PAGE_BYTES_MAX)
  }

  /** How many entries were dealt with before the link refused. */
  #sendPage(page: readonly MailboxEntry[]): number {
    const refusedAt = page.findIndex((entry) => !this.#sendEntry(entry))
    return refusedAt === -1 ? page.length : refusedAt
  }

  #sendEntry(entry: MailboxEntry): boolean {
    const payload = this.#isOver(entry.sequence, entry.expiresAtWallMs) ? undefined : this.#open(entry)
    if (payload !== undefined) return this.#send(entry.sequence, payload, undefined)
    this.#sentSequence = entry.sequence
    return true
  }

  #open(entry: MailboxEntry): Uint8Array | undefined {
    const payload = this.#context.open(this.registration, entry)
    // An event sealed with a key that is gone can never be delivered: keeping it would block the ones behind it.
    if (payload === undefined) this.#end(entry.sequence, 'discarded', undefined)
    return payload
  }
}
