import { liftDeadline, type Recovery } from '../recovery.ts'
import { readMailboxKey, readRegistrationId } from './keys.ts'
import { RegistrationRecord } from './record.ts'
import type { NumberedRecovery } from './recoveries.ts'
import { decodeIdentity, decodeLiveness } from './registration-row.ts'
import { RegistrationTable } from './registration-table.ts'
import type { Rows } from './rows.ts'
import { decodeTerm, Term } from './term.ts'

/** Until the liveness row is read. A float from the start: changing a field's type later costs memory. */
const UNKNOWN = {
  reminded: false,
  lastKeepAliveAtWallMs: Number.NaN,
  expiresAtMs: Number.NaN,
  authorizedUntilWallMs: Number.NaN,
}

/**
 * Reads all registrations, and the terms of what waits in their mailboxes, into memory. The tables are sorted by registration id, so that each is read once,
 * side by side with the records.
 */
export function loadRegistrations(
  rows: Rows,
  nowMs: number,
  recoveries: readonly NumberedRecovery[],
): { readonly table: RegistrationTable; readonly terms: readonly Term[] } {
  const table = new RegistrationTable(nowMs)
  const records = readRecords(rows, table)
  const forLiveness = finder(records)
  rows.scan('liveness', (key, value) => {
    const record = forLiveness(readRegistrationId(key))
    if (record === undefined) return
    const liveness = decodeLiveness(value)
    record.lastKeepAliveAtWallMs = liveness.lastKeepAliveAtWallMs
    const periodMs = record.keepAliveSeconds * 1000
    record.expiresAtMs = liftDeadline(
      liveness.expiresAtMs,
      periodMs,
      laterThan(recoveries, liveness.recovery),
    )
    record.authorizedUntilWallMs = liveness.authorizedUntilWallMs
    // A period that was given anew gets its own reminder.
    record.reminded = liveness.reminded && record.expiresAtMs === liveness.expiresAtMs
    table.add(record)
  })
  const forMailbox = finder(records)
  rows.scanKeys('mailbox', (key) => {
    const { registrationId, sequence, bytes } = readMailboxKey(key)
    const record = forMailbox(registrationId)
    if (record !== undefined) table.append(record, sequence, bytes)
  })
  return { table, terms: loadTerms(rows, finder(records)) }
}

/** Those that came after the row was written. Most rows are older than all or none. */
function laterThan(recoveries: readonly NumberedRecovery[], number: number): readonly Recovery[] {
  const isLater = (recovery: NumberedRecovery) => recovery.number > number
  return recoveries.every(isLater) ? recoveries : recoveries.filter(isLater)
}

function loadTerms(rows: Rows, find: ReturnType<typeof finder>): readonly Term[] {
  const terms: Term[] = []
  rows.scan('terms', (key, value) => {
    const { registrationId, sequence, bytes } = readMailboxKey(key)
    const record = find(registrationId)
    if (record?.mailbox?.has(sequence) !== true) return
    const term = new Term(record, sequence, bytes, decodeTerm(value))
    record.mailbox.setTerm(term)
    terms.push(term)
  })
  return terms
}

function readRecords(rows: Rows, table: RegistrationTable): readonly RegistrationRecord[] {
  const records: RegistrationRecord[] = []
  rows.scan('registrations', (key, value) => {
    const identity = decodeIdentity(value)
    const organizationId = table.intern(identity.organizationId)
    records.push(new RegistrationRecord(readRegistrationId(key), organizationId, identity, UNKNOWN))
  })
  return records
}

/** Finds records by ascending ids, in one pass. */
function finder(
  records: readonly RegistrationRecord[],
): (registrationId: number) => RegistrationRecord | undefined {
  let index = 0
  return (registrationId) => {
    while ((records[index]?.registrationId ?? Number.POSITIVE_INFINITY) < registrationId) index++
    const record = records[index]
    return record?.registrationId === registrationId ? record : undefined
  }
}
