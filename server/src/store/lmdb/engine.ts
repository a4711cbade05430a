import type { Clock } from '../../clock/clock.ts'
import type { Journal } from './journal.ts'
import { mailboxKey, registrationKey } from './keys.ts'
import type { LastSeenBook } from './last-seen.ts'
import type { RegistrationRecord } from './record.ts'
import type { RegistrationTable } from './registration-table.ts'
import type { Rows } from './rows.ts'
import type { StaleRecords } from './stale-records.ts'

/** What the parts of the engine share. */
export type Engine = {
  readonly clock: Clock
  readonly rows: Rows
  readonly journal: Journal
  readonly table: RegistrationTable
  readonly stale: StaleRecords
  readonly lastSeen: LastSeenBook
  readonly ids: Ids
}

/** The ids that come next. Every commit writes them down. */
export type Ids = { nextRegistrationId: number; nextSequence: number }

/** Removes a registration with its mailbox from memory, and, with the next commit, from disk. */
export function removeRegistration({ journal, lastSeen, table }: Engine, record: RegistrationRecord): void {
  lastSeen.note(record)
  const key = registrationKey(record.registrationId)
  journal.remove('registrations', key)
  journal.remove('liveness', key)
  const entries = record.mailbox?.after(0, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY) ?? []
  for (const { sequence, size } of entries)
    journal.remove('mailbox', mailboxKey(record.registrationId, sequence, size))
  table.remove(record)
}
