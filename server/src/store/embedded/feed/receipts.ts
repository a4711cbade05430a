import { LIFECYCLE_EVENTS, type ReceiptType } from '@rollcall/protocol/lifecycle'
import type { Ending } from '../../store.ts'
import type { Engine } from '../engine.ts'
import type { RegistrationRecord } from '../registrations/record.ts'

/** What the feed tells of an entry's end; of one that is discarded nothing. */
const RECEIPTS = {
  acknowledged: 'UserEventAcknowledgedEvent',
  expired: 'UserEventExpiredEvent',
  discarded: undefined,
} as const satisfies Record<Ending, ReceiptType | undefined>

/** Whether somebody watches for entries that end like this. */
export function isReceiptWatched(
  { feed }: Engine,
  { organizationId }: RegistrationRecord,
  how: Ending,
): boolean {
  const type = RECEIPTS[how]
  return type !== undefined && feed.changes.isWatched(organizationId, type)
}

/** Adds a receipt to the feed, in the same commit as the end of the entry. */
export function tellReceipt(
  { feed }: Engine,
  record: RegistrationRecord,
  eventId: string,
  how: Ending,
  atWallMs: number,
): void {
  const type = RECEIPTS[how]
  if (type !== undefined && feed.changes.isWatched(record.organizationId, type))
    feed.changes.add(type, record, LIFECYCLE_EVENTS[type][0], atWallMs, { eventId })
}
