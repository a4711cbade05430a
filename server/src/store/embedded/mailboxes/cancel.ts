import assert from 'node:assert/strict'
import type { Moment } from '../../moment.ts'
import {
  type AppendOutcome,
  type CancelDraft,
  type Cancellation,
  type EntryPosition,
  type MailboxBounds,
  type StoredEvent,
  toKey,
} from '../../store.ts'
import type { Engine } from '../engine.ts'
import { numberKey } from '../keys.ts'
import { isLive, type RegistrationRecord, type Term } from '../registrations/record.ts'
import { putEntries, takeEntry } from './entries.ts'
import { decodeRace } from './race-row.ts'

/**
 * An entry was acknowledged that runs a race: it goes, the race is over, and the others get the cancelling
 * event, all in one commit. Called synchronously, so that nothing comes in between.
 *
 * @throws RollcallError `unavailable` where the race's row cannot be read; nothing has changed then
 */
export function cancelTheOthers(
  engine: Engine,
  won: Term,
  bounds: MailboxBounds,
  at: Moment,
): Cancellation | undefined {
  const { history, journal, links, rows, terms } = engine
  const others = terms.runners(won.raceId).filter((term) => term !== won)
  if (others.length === 0) {
    takeEntry(engine, won.record, won.sequence)
    return undefined
  }
  journal.assertReadable()
  const row = rows.get('races', numberKey(won.raceId))
  // It was written with the entry, and an entry is not sent before it is durable.
  assert(row !== undefined, 'a race has no row')
  const draft = decodeRace(row)
  terms.endRace(won.raceId)
  takeEntry(engine, won.record, won.sequence)

  const discarded = others.filter(
    ({ record, sequence }) => !links.isInFlight(record.registrationId, sequence),
  )
  for (const { record, sequence } of discarded) {
    takeEntry(engine, record, sequence)
    history.note(sequence, 'discarded', at.nowWallMs, 'acknowledged_elsewhere')
  }
  const live = others.map(({ record }) => record).filter((record) => isLive(record, at.heardMs))
  return {
    ...tellTheOthers(engine, draft, live, bounds, at),
    organizationId: won.record.organizationId,
    discarded: discarded.map(toPosition),
    durable: journal.durable(),
  }
}

/** The cancelling event goes into the mailboxes of these, and into the history. */
export function tellTheOthers(
  engine: Engine,
  { record, ...cancel }: CancelDraft,
  others: readonly RegistrationRecord[],
  bounds: MailboxBounds,
  { nowWallMs }: Moment,
): Pick<Cancellation, 'accepted' | 'full'> {
  const outcome = appendAll(engine, others, { ...cancel, acceptedAtWallMs: nowWallMs }, bounds)
  if (record !== undefined && others.length > 0)
    engine.history.addAppended({ ...record, acceptedAtWallMs: nowWallMs }, outcome)
  return { accepted: outcome.accepted.map(({ registration }) => registration), full: outcome.full }
}

function appendAll(
  engine: Engine,
  records: readonly RegistrationRecord[],
  event: StoredEvent,
  { eventsMax, bytesMax }: MailboxBounds,
): AppendOutcome {
  // Twice the bounds, so that one that is full of calls still learns that they are over.
  const hasRoom = ({ mailbox }: RegistrationRecord): boolean =>
    mailbox?.hasRoom(event.payload.byteLength, 2 * eventsMax, 2 * bytesMax) !== false
  const full = records.filter((record) => !hasRoom(record)).map(toKey)
  return { accepted: putEntries(engine, records.filter(hasRoom), event, undefined), full }
}

export function toPosition({ record, sequence }: Term): EntryPosition {
  return { registration: toKey(record), sequence }
}
