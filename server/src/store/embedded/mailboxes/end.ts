import { RollcallError } from '@rollcall/protocol/error-code'
import type { DiscardReason } from '@rollcall/protocol/history'
import type { Moment } from '../../moment.ts'
import type { Cancellation, Ending, EndOutcome, HeldEntry, MailboxBounds } from '../../store.ts'
import { type Engine, momentOf } from '../engine.ts'
import { tellReceipt } from '../feed/receipts.ts'
import type { RegistrationRecord } from '../registrations/record.ts'
import { cancelTheOthers } from './cancel.ts'
import { takeEntry } from './entries.ts'
import { readEntry } from './entry-rows.ts'
import { tagOf, UNKNOWN_TAG } from './mailbox.ts'

/** Entries come to their end, one after the other, whatever becomes of the rest. */
export function endEntries<Entry extends HeldEntry>(
  engine: Engine,
  entries: readonly Entry[],
  how: Ending,
  bounds: MailboxBounds,
  reason?: DiscardReason,
): EndOutcome<Entry> {
  const at = momentOf(engine)
  const ended: Entry[] = []
  const cancellations: Cancellation[] = []
  const refused: Entry[] = []
  for (const entry of entries) {
    const record = waiting(engine, entry)
    if (record === undefined) continue
    try {
      const cancellation = endEntry(engine, record, entry, { how, reason }, bounds, at)
      ended.push(entry)
      if (cancellation !== undefined) cancellations.push(cancellation)
    } catch (error) {
      if (!(error instanceof RollcallError) || error.code !== 'unavailable') throw error
      refused.push(entry)
    }
  }
  return { ended, cancellations, refused }
}

/** The registration in whose mailbox this very entry waits. */
export function waiting(
  engine: Engine,
  { registration, sequence, eventId }: HeldEntry,
): RegistrationRecord | undefined {
  const record = engine.table.lookUp(registration)
  const tag = record?.mailbox?.tagOf(sequence)
  if (record === undefined || tag === undefined) return undefined
  if (tag !== UNKNOWN_TAG) return tag === tagOf(eventId) ? record : undefined
  const [entry] = record.mailbox?.after(sequence - 1, 1, 0) ?? []
  const row = entry && readEntry(engine, { ...registration, sequence, payloadBytes: entry.size })
  return row?.eventId === eventId ? record : undefined
}

/** @throws RollcallError `unavailable` where a race cannot be read; nothing has changed then */
function endEntry(
  engine: Engine,
  record: RegistrationRecord,
  { sequence, eventId }: HeldEntry,
  { how, reason }: { readonly how: Ending; readonly reason: DiscardReason | undefined },
  bounds: MailboxBounds,
  at: Moment,
): Cancellation | undefined {
  const term = record.mailbox?.termOf(sequence)
  const isWon = how === 'acknowledged' && term !== undefined && term.raceId !== 0
  const cancellation = isWon ? cancelTheOthers(engine, term, bounds, at) : undefined
  if (!isWon) takeEntry(engine, record, sequence)
  tellEnd(engine, record, { sequence, eventId }, how, at, reason)
  return cancellation
}

/** An entry has left its mailbox: whoever keeps something about it is told. */
export function tellEnd(
  engine: Engine,
  record: RegistrationRecord,
  { sequence, eventId }: Pick<HeldEntry, 'sequence' | 'eventId'>,
  how: Ending,
  { nowWallMs }: Moment,
  reason?: DiscardReason,
): void {
  if (how !== 'acknowledged') engine.calls.dropEntry(record, sequence)
  tellReceipt(engine, record, eventId, how, nowWallMs)
  engine.history.note(sequence, how, nowWallMs, reason)
}
