import { LIFECYCLE_EVENTS, type ReceiptType } from '@rollcall/protocol/lifecycle'
import type { Engine } from '../engine.ts'
import { readEntry } from '../mailboxes/entry-rows.ts'
import type { RegistrationRecord } from '../registrations/record.ts'

/** What is to be told of an entry that leaves its mailbox: the event's id, where its row is on disk already. */
export type Receipt = { readonly eventId: string | undefined }

/**
 * The receipt of an entry, where somebody watches for it. Memory does not know an event's id, so that the row is
 * read, which has to be before the entry goes.
 */
export function watchedReceipt(
  engine: Engine,
  type: ReceiptType,
  record: RegistrationRecord,
  sequence: number,
): Receipt | undefined {
  const { feed } = engine
  if (!feed.changes.isWatched(record.organizationId, type)) return undefined
  const [entry] = record.mailbox?.after(sequence - 1, 1, 0) ?? []
  if (entry?.sequence !== sequence) return undefined
  const { registrationId } = record
  return { eventId: readEntry(engine, { registrationId, sequence, payloadBytes: entry.size })?.eventId }
}

/** Adds a receipt to the feed, in the same commit as the end of the entry. */
export function tellReceipt(
  { feed }: Engine,
  type: ReceiptType,
  record: RegistrationRecord,
  receipt: Receipt | undefined,
  atWallMs: number,
): void {
  if (receipt?.eventId === undefined) return
  feed.changes.add(type, record, LIFECYCLE_EVENTS[type][0], atWallMs, { eventId: receipt.eventId })
}
