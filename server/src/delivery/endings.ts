import { RollcallError } from '@rollcall/protocol/error-code'
import type { DiscardReason } from '@rollcall/protocol/history'
import type { Clock } from '../clock/clock.ts'
import type { Metrics, Statistics, Tally } from '../observe/observe.ts'
import type { Cancellation, Ending, EndOutcome, EntryPosition, MailboxBounds, Store } from '../store/store.ts'
import type { Links } from './links/links.ts'
import type { LinkedEntry } from './links/outbox.ts'
import type { Receipts } from './receipts.ts'

/** Time after which an end that the store could not take is tried again. */
const RETRY_MS = 1000

export type EndingsContext = {
  readonly store: Pick<Store, 'mailboxes'>
  readonly links: Links
  readonly receipts: Receipts
  readonly clock: Clock
  readonly metrics: Pick<Metrics, 'eventAccepted' | 'eventOutcome' | 'deliveryMs'>
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
  #how: Ending = 'acknowledged'
  #reason: DiscardReason | undefined

  constructor(context: EndingsContext) {
    this.#context = context
  }

  /** @param reason why it is discarded, where it is */
  end(entry: LinkedEntry, how: Ending, reason?: DiscardReason): void {
    if (how !== this.#how || reason !== this.#reason) this.flush()
    this.#how = how
    this.#reason = reason
    this.#gathered.push(entry)
    if (this.#gathered.length === 1) queueMicrotask(() => this.flush())
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
        // The store is closed: they come again when it is opened.
        if (!(error instanceof RollcallError)) throw error
      },
    )
  }

  #report(
    { ended, cancellations, refused }: EndOutcome<LinkedEntry>,
    how: Ending,
    reason: DiscardReason | undefined,
  ): void {
    const { clock, metrics, statistics } = this.#context
    if (ended.length > 0) metrics.eventOutcome(how, ended.length)
    const nowMs = clock.monotonicMs()
    for (const entry of ended) {
      const tally = statistics.of(entry.registration.organizationId)
      countAndTell(this.#context, tally, entry, how)
      if (entry.sinceMs === undefined) continue
      metrics.deliveryMs(1, nowMs - entry.sinceMs)
      if (how === 'acknowledged') tally.deliveryMs.qos1.add(nowMs - entry.sinceMs)
    }
    for (const cancellation of cancellations) carryOn(this.#context, cancellation)
    if (refused.length > 0)
      clock.after(RETRY_MS, () => {
        for (const entry of refused) this.end(entry, how, reason)
      })
  }
}

/** The store has ended entries: the rest is told. */
export function tell(
  context: Pick<EndingsContext, 'metrics' | 'receipts' | 'statistics'>,
  positions: readonly EntryPosition[],
  ending: Ending,
): void {
  if (positions.length === 0) return
  context.metrics.eventOutcome(ending, positions.length)
  for (const position of positions) {
    const tally = context.statistics.of(position.registration.organizationId)
    countAndTell(context, tally, position, ending)
    // What others have brought about: a newer event, or another endpoint.
    if (ending === 'discarded') tally.qos1.superseded++
  }
}

function countAndTell(
  { receipts }: Pick<EndingsContext, 'receipts'>,
  { qos1 }: Tally,
  position: EntryPosition,
  ending: Ending,
): void {
  qos1[ending]++
  receipts.entryEnded(position, ending === 'acknowledged')
}

/** The cancelling events are in the mailboxes: they go out as soon as they are durable, and not before. */
export function carryOn(
  context: Omit<EndingsContext, 'store'>,
  { organizationId, accepted, full, discarded, durable }: Cancellation,
): void {
  const { links, metrics, statistics } = context
  const { qos1 } = statistics.of(organizationId)
  tell(context, discarded, 'discarded')
  if (accepted.length + full.length > 0) {
    metrics.eventAccepted(1)
    qos1.events++
  }
  qos1.copies += accepted.length
  qos1.mailboxFull += full.length
  if (accepted.length > 0) metrics.eventOutcome('queued', accepted.length)
  if (full.length > 0) metrics.eventOutcome('mailbox_full', full.length)
  const wake = (): void => {
    for (const registration of accepted) links.find(registration)?.resume()
  }
  // Where the store fails, an outbox that was woken keeps trying to read until it works again.
  durable.then(wake, wake)
}
