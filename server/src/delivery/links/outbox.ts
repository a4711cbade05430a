import type { DiscardReason } from '@rollcall/protocol/history'
import type { DisconnectReason } from '@rollcall/protocol/lifecycle'
import type {
  Ending,
  HeldEntry,
  LinkHandle,
  LinkPeer,
  LinkStore,
  MailboxEntry,
  MailboxStore,
  Registration,
} from '../../store/store.ts'
import type { Attachment, Link, Taken } from './link.ts'

/** Entries and bytes taken from a mailbox at a time: enough to fill a link's quota, little enough to hold. */
const PAGE_ENTRIES_MAX = 64
const PAGE_BYTES_MAX = 524_288

/** QoS 0 events that wait until the subscription is confirmed; more are lost. */
const EARLY_MAX = 16

/** Where an event stands in a mailbox. */
export type Position = { readonly sequence: number; readonly follows: number }

/** A QoS 1 event that became durable. */
export type Pushed = {
  readonly eventId: string
  readonly bytes: Uint8Array
  /** When it was accepted, on the monotonic clock, where that is known. */
  readonly acceptedAtMs: number | undefined
  /** It may have left the mailbox meanwhile, replaced, cancelled, or because its time is over. */
  readonly mustBeClaimed: boolean
}

/** An entry that a link was given. */
export type LinkedEntry = HeldEntry & {
  /** When it was accepted, on the monotonic clock, where that is known. */
  readonly sinceMs: number | undefined
}

/** What an outbox needs of its surroundings. */
export type OutboxContext = {
  readonly mailboxes: Pick<MailboxStore, 'take' | 'claim'>
  readonly links: Pick<LinkStore, 'attach' | 'detach'>
  /** The clear bytes of an entry, `undefined` when its seal cannot be opened. */
  open(registration: Registration, entry: MailboxEntry): Uint8Array | undefined
  /** An entry was handed to the link. */
  onSent(entry: HeldEntry): void
  /** An entry is over and to be ended; where it is discarded, `reason` says why. */
  onEnding(entry: LinkedEntry, how: Ending, reason?: DiscardReason): void
  /** The store has ended an entry whose time was over. */
  onLapsed(entry: HeldEntry): void
  /** The store could not be asked: `resume` is to be called after a while. */
  onFailed(outbox: Outbox, error: unknown): void
  /** The link was detached. */
  onDetached(outbox: Outbox): void
  /** The store knows it too. */
  onLeft(registration: Registration, reason: DisconnectReason): void
}

/** An entry of the one mailbox that an outbox has. */
type Entry = Pick<HeldEntry, 'sequence' | 'eventId'>

/**
 * `passed`: it must not be sent any more. `gone`: nor is it sure that the link holds the endpoint still, so that the store is asked
 * before anything that comes after it. `refused`: the link has no room, and calls `resume` once it has.
 */
type Sent = 'sent' | 'passed' | 'gone' | 'refused'

/**
 * Sends one endpoint's QoS 1 events over one link in mailbox order, each again on the next link until it is
 * acknowledged.
 *
 * Two states. *Live*: everything up to `#sentSequence` was sent, and a pushed event that comes next goes out
 * from memory. *Behind*: something was not sent (a backlog, a gap, a used-up quota), so pushes are only
 * noted and events are taken from the mailbox, which alone knows the order. Memory stays bounded either way.
 */
export class Outbox implements Attachment, LinkHandle {
  readonly linkId: number
  readonly registration: Registration
  readonly attached: Promise<boolean>
  readonly #link: Link
  readonly #context: OutboxContext
  #holding = false
  #sentSequence = 0
  #started = false
  #early: Uint8Array[] | undefined
  #live = false
  /** The store is being asked: nothing goes out before it has answered. */
  #asking = false
  /** Something happened meanwhile, so that an empty page does not mean the end. */
  #noted = false
  /** There was room again meanwhile. */
  #resumed = false
  #detached = false

  constructor(linkId: number, registration: Registration, link: Link, context: OutboxContext) {
    this.linkId = linkId
    this.registration = registration
    this.#link = link
    this.#context = context
    // From now on the store knows whose the registration is.
    this.attached = context.links.attach(registration, this)
    // Whoever made it hears of it.
    this.attached.then(
      (isHolding) => {
        this.#holding = isHolding
      },
      () => undefined,
    )
  }

  get link(): Link {
    return this.#link
  }

  /** Whether the store has said that this link holds the registration; another may have taken its place since. */
  get isHolding(): boolean {
    return this.#holding && !this.#detached
  }

  /** All up to here was sent, or passed over. */
  get sentSequence(): number {
    return this.#sentSequence
  }

  get peer(): LinkPeer {
    return this.#link.peer
  }

  start(): void {
    this.#started = true
    const early = this.#early ?? []
    this.#early = undefined
    for (const payload of early) this.sendNow(payload)
    this.#catchUp()
  }

  resume(): void {
    this.#resumed = true
    this.#catchUp()
  }

  detach(reason: DisconnectReason = 'connection_lost'): void {
    if (this.#detached) return
    this.#detached = true
    this.#context.onDetached(this)
    // A store that is closed knows of no links.
    void this.#leave(reason).catch(() => undefined)
  }

  async #leave(reason: DisconnectReason): Promise<void> {
    await this.#context.links.detach(this.registration, this, reason)
    this.#context.onLeft(this.registration, reason)
  }

  /**
   * Sends a QoS 0 event now, whatever waits; one that comes before the subscription is confirmed, right after that: others know
   * of the link as soon as the store does.
   */
  sendNow(payload: Uint8Array): Taken {
    if (this.#detached) return false
    if (this.#started) return this.#link.send({ payload, qos: 0 })
    this.#early ??= []
    if (this.#early.length >= EARLY_MAX) return false
    this.#early.push(payload)
    return true
  }

  /**
   * A QoS 1 event became durable at `sequence` of the mailbox, next after the entry `follows`.
   *
   * @returns whether it went out at once; of one that must be claimed, as soon as that is known
   */
  push({ sequence, follows }: Position, event: Pushed): boolean | Promise<boolean> {
    if (this.#detached) return false
    const { eventId, bytes, acceptedAtMs } = event
    const isNext = this.#live && follows <= this.#sentSequence && sequence > this.#sentSequence
    if (isNext && event.mustBeClaimed) return this.#pushClaimed({ sequence, eventId }, bytes, acceptedAtMs)
    if (isNext && this.#send({ sequence, eventId }, bytes, acceptedAtMs)) return true
    if (sequence > this.#sentSequence) this.#catchUp()
    return false
  }

  async #pushClaimed(entry: Entry, bytes: Uint8Array, sinceMs: number | undefined): Promise<boolean> {
    let sent = 'refused' as Sent
    this.#noted = false
    await this.#ask(async () => {
      sent = await this.#sendClaimed(entry, bytes, sinceMs)
      this.#live = sent !== 'refused' && sent !== 'gone' && !this.#noted
    })
    if (sent !== 'refused' && !this.#live) this.#catchUp()
    return sent === 'sent'
  }

  #catchUp(): void {
    this.#noted = true
    if (this.#started) void this.#ask(() => this.#sendPages())
  }

  /** One thing at a time. Never rejects. */
  async #ask(work: () => Promise<void>): Promise<void> {
    if (this.#asking || this.#detached) return
    this.#asking = true
    this.#live = false
    this.#resumed = false
    try {
      await work()
    } catch (error) {
      this.#context.onFailed(this, error)
    }
    this.#asking = false
    if (this.#resumed) this.#catchUp()
  }

  /** Takes and sends until the mailbox has nothing further (then live) or the link refuses (then `resume` continues). */
  async #sendPages(): Promise<void> {
    while (this.#noted && !this.#detached) {
      this.#noted = false
      this.#resumed = false
      const page = await this.#takePage()
      if (this.#detached || (await this.#sendPage(page)) === 'refused') return
      if (page.length > 0) this.#noted = true
      else if (!this.#noted) this.#live = true
    }
  }

  #takePage(): Promise<readonly MailboxEntry[]> {
    const { mailboxes } = this.#context
    return mailboxes.take(this.registration, this, this.#sentSequence, PAGE_ENTRIES_MAX, PAGE_BYTES_MAX)
  }

  async #sendPage(page: readonly MailboxEntry[]): Promise<Sent> {
    for (const entry of page) {
      const sent = entry.mustBeClaimed ? await this.#sendTermed(entry) : this.#sendPlain(entry)
      if (sent === 'refused' || this.#detached) return sent
      if (sent === 'gone') return sent
    }
    return 'sent'
  }

  #sendPlain(entry: MailboxEntry): Sent {
    const payload = this.#open(entry)
    if (payload === undefined) return this.#pass(entry)
    return this.#send(entry, payload, undefined) ? 'sent' : 'refused'
  }

  #sendTermed(entry: MailboxEntry): Sent | Promise<Sent> {
    const payload = this.#open(entry)
    return payload === undefined ? this.#pass(entry) : this.#sendClaimed(entry, payload, undefined)
  }

  /** Asks for room first: what was claimed is in flight, whether the link takes it or not. */
  async #sendClaimed(entry: Entry, payload: Uint8Array, sinceMs: number | undefined): Promise<Sent> {
    if (!this.#link.hasRoom()) return 'refused'
    const held = this.#held(entry, sinceMs)
    const claimed = await this.#context.mailboxes.claim(held, this)
    if (claimed === 'expired') {
      this.#context.onLapsed(held)
      return this.#pass(entry)
    }
    if (this.#detached || claimed !== 'in_flight') {
      this.#pass(entry)
      return 'gone'
    }
    return this.#send(entry, payload, sinceMs) ? 'sent' : 'refused'
  }

  #pass({ sequence }: Entry): Sent {
    this.#sentSequence = sequence
    return 'passed'
  }

  /** Returns whether the link took it. */
  #send(entry: Entry, payload: Uint8Array, sinceMs: number | undefined): boolean {
    const held = this.#held(entry, sinceMs)
    const acknowledged = (how: Ending = 'acknowledged'): void =>
      this.#context.onEnding(held, how, how === 'discarded' ? 'too_large' : undefined)
    const { sequence } = entry
    const taken = this.#link.send({ payload, qos: 1, sequence, acknowledged })
    if (!taken) {
      this.#live = false
      return false
    }
    this.#sentSequence = entry.sequence
    this.#context.onSent(held)
    return true
  }

  #open(entry: MailboxEntry): Uint8Array | undefined {
    const payload = this.#context.open(this.registration, entry)
    // An event sealed with a key that is gone can never be delivered: keeping it would block the ones behind it.
    if (payload === undefined) this.#context.onEnding(this.#held(entry, undefined), 'discarded', 'unreadable')
    return payload
  }

  #held({ sequence, eventId }: Entry, sinceMs: number | undefined): LinkedEntry {
    return { registration: this.registration, sequence, eventId, sinceMs }
  }
}
