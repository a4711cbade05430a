import { type AppendOutcome, type StoredEvent, toKey } from '../../store.ts'
import type { Engine } from '../engine.ts'
import { mailboxKey } from '../keys.ts'
import { type RegistrationRecord, Term } from '../registrations/record.ts'
import { dropEntry } from './entry-rows.ts'
import { tagOf } from './mailbox.ts'
import { encodeEntry, SHARED_ENTRY } from './mailbox-row.ts'
import { isShared } from './payload-book.ts'
import type { TermValues } from './term-row.ts'

/**
 * Adds an event to mailboxes that have room for it. What goes to one endpoint, or is small, is written with each entry;
 * a large one that goes to many is written once, and its entries refer to it.
 */
export function putEntries(
  engine: Engine,
  takers: readonly RegistrationRecord[],
  event: StoredEvent,
  values: TermValues | undefined,
): AppendOutcome['accepted'] {
  if (takers.length === 0) return []
  const size = event.payload.byteLength
  const row = isShared(size, takers.length) ? putPayload(engine, takers, event) : encodeEntry(event)
  const made = { row, payloadBytes: size, tag: tagOf(event.eventId), values }
  return takers.map((record) => putEntry(engine, record, made))
}

/** What the entries that come next share, all of one user. Returns their row. */
function putPayload(
  { ids, journal, payloads }: Engine,
  takers: readonly RegistrationRecord[],
  event: StoredEvent,
): Buffer {
  const owner = { organizationId: takers[0]?.organizationId ?? '', payloadBytes: event.payload.byteLength }
  journal.put('payloads', payloads.add(ids.nextSequence, takers.length, owner), encodeEntry(event))
  return SHARED_ENTRY
}

/** What the entries of one event have in common. `row` is the encoded entry. */
type MadeEntry = {
  readonly row: Buffer
  readonly payloadBytes: number
  readonly tag: number
  readonly values: TermValues | undefined
}

function putEntry(
  { ids, journal, table, terms }: Engine,
  record: RegistrationRecord,
  { row, payloadBytes, tag, values }: MadeEntry,
): AppendOutcome['accepted'][number] {
  const sequence = ids.nextSequence++
  const plain = { registration: toKey(record), sequence, follows: record.mailbox?.newest ?? 0 }
  const entry = record.wakeUp === undefined ? plain : { ...plain, canBeWoken: true as const }
  journal.put('mailbox', mailboxKey(record.registrationId, sequence, payloadBytes), row)
  const mailbox = table.append(record, sequence, payloadBytes, tag)
  mailbox.newestCommit = journal.commitNumber
  if (values === undefined) return entry
  const term = new Term(record, sequence, payloadBytes, values)
  mailbox.setTerm(term)
  terms.add(term)
  return entry
}

/** Takes an entry out of its mailbox. Returns whether it was there. */
export function takeEntry(engine: Engine, record: RegistrationRecord, sequence: number): boolean {
  const term = record.mailbox?.termOf(sequence)
  const payloadBytes = engine.table.removeEntry(record, sequence)
  if (payloadBytes === undefined || !engine.journal.isOpen) return false
  if (term !== undefined) engine.terms.drop(term)
  dropEntry(engine, { registrationId: record.registrationId, sequence, payloadBytes })
  return true
}
