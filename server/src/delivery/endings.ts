import { RollcallError } from '@rollcall/protocol/error-code'
import type { DiscardReason } from '@rollcall/protocol/history'
import type { Clock } from '../clock/clock.ts'
import type { EventOutcome, Statistics } from '../observe/observe.ts'
import type { Cancellation, Ending, EndOutcome, EntryPosition, MailboxBounds, Store } from '../store/store.ts'
import type { Links } from './links/links.ts'
import type { LinkedEntry } from './links/outbox.ts'
import type { Receipts } from './receipts.ts'

/** Time after which an end that the store could not take is tried again. */
const RETRY_MS = 1000

const SOON = Promise.resolve()

export type EndingsContext = {
  readonly store: Pick<Store, 'mailboxes'>
  readonly links: Links
  readonly receipts: Receipts
  readonly clock: Clock
  readonly statistics: Pick<Statistics, 'of'>
  readonly bounds: MailboxBounds
}

/**
 * Entries that come to their end at their own endpoint: the store ends them, and who waits for their receipts is told, and
 * whoever counts. Those of one moment are ended together, which is before anything else that was read is carried out that
 * has to wait for anything.
 */
export class Endings {
  readonly #context: EndingsContext
  #gathered: LinkedEntry[] = []
  #isClosed = false
  #how: Ending = 'acknowledged'
  #reason: DiscardReason | undefined
  readonly #flush = (): void => this.flush()

  constructor(context: EndingsContext) {
    this.#context = context
  }

  /** @param reason why it is discarded, where it is */
  end(entry: LinkedEntry, how: Ending, reason?: DiscardReason): void {
    if (how !== this.#how || reason !== this.#reason) this.flush()
    this.#how = how
    this.#reason = reason
    this.#gathered.push(entry)
    // Not `queueMicrotask`, which makes a context for each: most devices acknowledge one at a time.
    if (this.#gathered.length === 1) void SOON.then(this.#flush)
  }

  /**
   * Ends what was gathered so far. To be called before anything else is told of an endpoint that may have come with it, in
   * one read: an acknowledgement is told before the end of the link that it came by.
   */
  flush(): void {
    if (this.#gathered.length === 0) return
    const entries = this.#gathered
    const how = this.#how
    const reason = this.#reason
    this.#gathered = []
    const { store, bounds } = this.#context
    store.mailboxes.end(entries, how, bounds, reason).then(
      (outcome) => this.#report(outcome, how, reason),
      (error: unknown) => {
        if (!(error instanceof RollcallError)) throw error
        // Whether it came about nobody knows; what has ended already is ignored. After the end they come again.
        if (!this.#isClosed) this.#endLater(entries, how, reason)
      },
    )
  }

  #endLater(entries: readonly LinkedEntry[], how: Ending, reason: DiscardReason | undefined): void {
    this.#context.clock.after(RETRY_MS, () => {
      for (const entry of entries) this.end(entry, how, reason)
    })
  }

  /** What the store refuses from now on is left to the next life of it. */
  close(): void {
    this.#isClosed = true
  }

  #report(
    { ended, cancellations, refused }: EndOutcome<LinkedEntry>,
    how: Ending,
    reason: DiscardReason | undefined,
  ): void {
    const { clock, receipts, statistics } = this.#context
    const nowMs = clock.monotonicMs()
    for (const entry of ended) {
      const tally = statistics.of(entry.registration.organizationId)
      tally.outcome(1, how)
      receipts.entryEnded(entry, how === 'acknowledged')
      if (how === 'acknowledged' && entry.sinceMs !== undefined) tally.delivered(1, nowMs - entry.sinceMs)
    }
    for (const cancellation of cancellations) carryOn(this.#context, cancellation)
    if (refused.length > 0) this.#endLater(refused, how, reason)
  }
}

/**
 * The store has ended entries: the rest is told. `superseded`: others have brought that about, a newer event or another
 * endpoint.
 */
export function tell(
  { receipts, statistics }: Pick<EndingsContext, 'receipts' | 'statistics'>,
  positions: readonly EntryPosition[],
  how: Extract<EventOutcome, 'acknowledged' | 'expired' | 'superseded'>,
): void {
  for (const position of positions) {
    statistics.of(position.registration.organizationId).outcome(1, how)
    receipts.entryEnded(position, how === 'acknowledged')
  }
}

/** The cancelling events are in the mailboxes: they go out as soon as they are durable, and not before. */
export function carryOn(
  context: Omit<EndingsContext, 'store'>,
  { organizationId, accepted, full, discarded, durable }: Cancellation,
): void {
  const { links, statistics } = context
  const tally = statistics.of(organizationId)
  tell(context, discarded, 'superseded')
  if (accepted.length + full.length > 0) tally.event(1)
  tally.outcome(1, 'queued', accepted.length)
  tally.outcome(1, 'mailbox_full', full.length)
  const wake = (): void => {
    for (const registration of accepted) links.find(registration)?.resume()
  }
  // Where the store fails, an outbox that was woken keeps trying to read until it works again.
  durable.then(wake, wake)
}
