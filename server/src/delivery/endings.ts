import { RollcallError } from '@rollcall/protocol/error-code'
import type { Clock } from '../clock/clock.ts'
import type { Metrics, Statistics, Tally } from '../observe/observe.ts'
import type { Cancellation, EntryPosition, MailboxBounds, Store } from '../store/store.ts'
import type { Links } from './links/links.ts'
import type { Ending } from './links/outbox.ts'
import type { Receipts } from './receipts.ts'

/** Time after which an acknowledgement that the store could not take is tried again. */
const RETRY_MS = 1000

export type EndingsContext = {
  readonly store: Pick<Store, 'mailboxes' | 'history' | 'feed'>
  readonly links: Links
  readonly receipts: Receipts
  readonly clock: Clock
  readonly metrics: Pick<Metrics, 'eventAccepted' | 'eventOutcome' | 'deliveryMs'>
  readonly statistics: Pick<Statistics, 'of'>
  readonly bounds: MailboxBounds
}

/**
 * An entry is over: it leaves its mailbox, the history notes it, who waits for its receipt is told, and, where
 * it was sent with `cancelOthers`, the others hear of its acknowledgement.
 */
export function endEntry(
  context: EndingsContext,
  position: EntryPosition,
  ending: Ending,
  sinceMs: number | undefined,
): void {
  const { store, clock, metrics, statistics } = context
  const { registration, sequence } = position
  // Its endpoint has answered, and the PUBACK comes after it; or its registration has ended.
  if (!store.mailboxes.has(registration, sequence)) return
  const nowWallMs = clock.wallMs()
  if (ending === 'acknowledged') {
    if (!acknowledge(context, position)) {
      retry(context, position, sinceMs)
      return
    }
  } else {
    if (ending === 'expired') store.feed.noteExpired(registration, sequence, nowWallMs)
    store.mailboxes.remove(registration, sequence)
  }
  store.history.note(position, ending)
  const tally = statistics.of(registration.organizationId)
  metrics.eventOutcome(ending)
  countAndTell(context, tally, position, ending)
  if (sinceMs === undefined) return
  const elapsedMs = clock.monotonicMs() - sinceMs
  metrics.deliveryMs(1, elapsedMs)
  if (ending === 'acknowledged') tally.deliveryMs.qos1.add(elapsedMs)
}

/** Entries have left their mailboxes, and the history knows: the rest is told. */
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

/** Returns whether the store could take it. */
function acknowledge(context: EndingsContext, position: EntryPosition): boolean {
  const { store, links, bounds, statistics } = context
  try {
    const { registration, sequence } = position
    const cancellation = store.mailboxes.acknowledge(registration, sequence, bounds, links.sentThrough)
    // All of them are the same user's.
    if (cancellation !== undefined) carryOn(context, statistics.of(registration.organizationId), cancellation)
    return true
  } catch (error) {
    if (error instanceof RollcallError && error.code === 'unavailable') return false
    throw error
  }
}

function retry(context: EndingsContext, position: EntryPosition, sinceMs: number | undefined): void {
  const { store, clock } = context
  clock.after(RETRY_MS, () => {
    if (store.mailboxes.has(position.registration, position.sequence))
      endEntry(context, position, 'acknowledged', sinceMs)
  })
}

/** The cancelling events are in the mailboxes: they go out as soon as they are durable, and not before. */
export function carryOn(
  context: Omit<EndingsContext, 'store'>,
  { qos1 }: Tally,
  { accepted, full, discarded, durable }: Cancellation,
): void {
  const { links, metrics } = context
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
