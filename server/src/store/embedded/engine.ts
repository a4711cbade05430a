import type { DiscardReason } from '@rollcall/protocol/history'
import type { Clock, HeardTime, RunningServiceTime } from '../../clock/clock.ts'
import type { HeldLinks } from '../held-links.ts'
import type { Moment } from '../moment.ts'
import type { OnMailboxEnded } from '../store.ts'
import type { FeedParts } from './feed/feed-parts.ts'
import type { HistoryBook } from './history/history-book.ts'
import type { Journal } from './journal/journal.ts'
import { registrationKey } from './keys.ts'
import type { CallBook } from './mailboxes/call-book.ts'
import { dropEntry } from './mailboxes/entry-rows.ts'
import type { PayloadBook } from './mailboxes/payload-book.ts'
import type { TermBook } from './mailboxes/term-book.ts'
import type { LastSeenBook } from './registrations/last-seen-book.ts'
import type { RegistrationRecord } from './registrations/record.ts'
import type { RegistrationTable } from './registrations/registration-table.ts'
import type { StaleRecords } from './registrations/stale-records.ts'
import type { Rows } from './rows.ts'

/** What the parts of the engine share. */
export type Engine = {
  readonly clock: Clock
  readonly rows: Rows
  readonly journal: Journal
  readonly table: RegistrationTable
  /** With the record that each link was attached to, which tells of it when that is gone. */
  readonly links: HeldLinks<RegistrationRecord>
  readonly payloads: PayloadBook
  readonly terms: TermBook
  readonly calls: CallBook
  readonly stale: StaleRecords
  readonly lastSeen: LastSeenBook
  readonly history: HistoryBook
  readonly feed: FeedParts
  readonly serviceTime: RunningServiceTime
  /** What the journal's own patience is kept on. */
  readonly pace: HeardTime
  readonly ids: Ids
  readonly onMailboxEnded: OnMailboxEnded | undefined
}

/** The ids that come next. Every commit writes them down. */
export type Ids = { nextRegistrationId: number; nextSequence: number }

/** What the time is for one operation. */
export function momentOf({ clock, serviceTime }: Pick<Engine, 'clock' | 'serviceTime'>): Moment {
  return { nowMs: serviceTime.nowMs(), heardMs: serviceTime.heardMs(), nowWallMs: clock.wallMs() }
}

/**
 * Removes a registration with its mailbox from memory, and, with the next commit, from disk. What waited is
 * noted as discarded, with the reason.
 */
export function removeRegistration(
  engine: Engine,
  record: RegistrationRecord,
  reason: DiscardReason,
  { nowWallMs }: Moment,
): void {
  const { history, journal, lastSeen, table, terms, onMailboxEnded } = engine
  lastSeen.note(record)
  const key = registrationKey(record.registrationId)
  journal.remove('registrations', key)
  journal.remove('liveness', key)
  const entries = record.mailbox?.after(0, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY) ?? []
  for (const { sequence, size } of entries) {
    history.note(sequence, 'discarded', nowWallMs, reason)
    dropEntry(engine, { registrationId: record.registrationId, sequence, payloadBytes: size })
  }
  for (const term of record.mailbox?.terms() ?? []) terms.drop(term)
  if (record.mailbox !== undefined) onMailboxEnded?.(record.organizationId, record.mailbox.depth)
  table.remove(record)
}
