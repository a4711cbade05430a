import { liftDeadline, type Recovery } from '../recovery.ts'
import { readMailboxKey, readRegistrationId } from './keys.ts'
import { UNKNOWN_TAG } from './mailboxes/mailbox.ts'
import { PayloadLoader } from './mailboxes/payload-book.ts'
import { decodeTerm } from './mailboxes/term-row.ts'
import { RegistrationRecord, Term } from './registrations/record.ts'
import type { NumberedRecovery } from './registrations/recoveries.ts'
import { decodeIdentity, decodeLiveness } from './registrations/registration-row.ts'
import { RegistrationTable } from './registrations/registration-table.ts'
import type { Rows } from './rows.ts'

/** Until the liveness row is read. A float from the start: changing a field's type later costs memory. */
const UNKNOWN = {
  reminded: false,
  lastKeepAliveAtWallMs: Number.NaN,
  expiresAtMs: Number.NaN,
  authorizedUntilWallMs: Number.NaN,
}

type Loaded = {
  readonly table: RegistrationTable
  readonly payloads: PayloadLoader
  readonly terms: readonly Term[]
}

/**
 * Reads all registrations, and the terms of what waits in their mailboxes, into memory. Registrations and their liveness are
 * sorted by registration id, and are read side by side; mailboxes and terms by sequence.
 */
export async function loadRegistrations(
  rows: Rows,
  nowMs: number,
  recoveries: readonly NumberedRecovery[],
): Promise<Loaded> {
  const table = new RegistrationTable(nowMs)
  const records = await readRecords(rows, table)
  const forLiveness = finder(records)
  const since = recoveriesSince(recoveries)
  await rows.scan('liveness', (key, value) => {
    const record = forLiveness(readRegistrationId(key))
    if (record === undefined) return
    const liveness = decodeLiveness(value)
    record.lastKeepAliveAtWallMs = liveness.lastKeepAliveAtWallMs
    const periodMs = record.keepAliveSeconds * 1000
    record.expiresAtMs = liftDeadline(liveness.expiresAtMs, periodMs, since(liveness.recovery))
    record.authorizedUntilWallMs = liveness.authorizedUntilWallMs
    // A period that was given anew gets its own reminder.
    record.reminded = liveness.reminded && record.expiresAtMs === liveness.expiresAtMs
    table.add(record)
  })
  const find = searcher(records)
  const payloads = await PayloadLoader.open(rows)
  await rows.scanKeys('mailbox', (key) => {
    const { registrationId, sequence, bytes } = readMailboxKey(key)
    const record = find(registrationId)
    if (record === undefined) return
    table.append(record, sequence, bytes, UNKNOWN_TAG)
    payloads.found(sequence, { organizationId: record.organizationId, payloadBytes: bytes })
  })
  return { table, payloads, terms: await loadTerms(rows, find) }
}

/** Tells those that came after a row was written, by the number that it bears. Most rows bear the one of the row before. */
function recoveriesSince(recoveries: readonly NumberedRecovery[]): (number: number) => readonly Recovery[] {
  let known = { number: Number.NaN, later: recoveries }
  return (number) => {
    if (number !== known.number)
      known = { number, later: recoveries.filter((recovery) => recovery.number > number) }
    return known.later
  }
}

async function loadTerms(rows: Rows, find: Find): Promise<readonly Term[]> {
  const terms: Term[] = []
  await rows.scan('terms', (key, value) => {
    const { registrationId, sequence, bytes } = readMailboxKey(key)
    const record = find(registrationId)
    if (record?.mailbox?.has(sequence) !== true) return
    const term = new Term(record, sequence, bytes, decodeTerm(value))
    record.mailbox.setTerm(term)
    terms.push(term)
  })
  return terms
}

async function readRecords(rows: Rows, table: RegistrationTable): Promise<readonly RegistrationRecord[]> {
  const records: RegistrationRecord[] = []
  await rows.scan('registrations', (key, value) => {
    const identity = decodeIdentity(value)
    const organizationId = table.intern(identity.organizationId)
    records.push(new RegistrationRecord(readRegistrationId(key), organizationId, identity, UNKNOWN))
  })
  return records
}

type Find = (registrationId: number) => RegistrationRecord | undefined

/** Finds records by ids in any order. */
function searcher(records: readonly RegistrationRecord[]): Find {
  return (registrationId) => {
    let low = 0
    let high = records.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((records[middle]?.registrationId ?? 0) < registrationId) low = middle + 1
      else high = middle
    }
    return records[low]?.registrationId === registrationId ? records[low] : undefined
  }
}

/** Finds records by ascending ids, in one pass. */
function finder(records: readonly RegistrationRecord[]): Find {
  let index = 0
  return (registrationId) => {
    while ((records[index]?.registrationId ?? Number.POSITIVE_INFINITY) < registrationId) index++
    const record = records[index]
    return record?.registrationId === registrationId ? record : undefined
  }
}
