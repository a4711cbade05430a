import {
  type AppendOutcome,
  type AppendRequest,
  type CallDraft,
  type EntryPosition,
  toKey,
} from '../../store.ts'
import type { Engine } from '../engine.ts'
import type { RegistrationRecord, Term } from '../registrations/record.ts'
import type { CallPart, CallValues } from './call-row.ts'
import { toPosition } from './cancel.ts'
import { putEntries, takeEntry } from './entries.ts'
import { encodeRace } from './race-row.ts'
import type { TermValues } from './term-row.ts'

/** Adds the event to every mailbox that has room for it, in the place of what it replaces there. */
export function appendToAll(
  engine: Engine,
  targets: readonly RegistrationRecord[],
  request: AppendRequest,
): AppendOutcome {
  const replaced: EntryPosition[] = []
  const without = targets.filter((record) => !makeRoom(engine, record, request, replaced))
  // Nearly always all of them: no list is made of the list.
  const takers = without.length === 0 ? targets : except(targets, new Set(without))
  const full = without.map(toKey)
  const values = takers.length === 0 ? undefined : termsOf(engine, request, takers.length)
  const accepted = putEntries(engine, takers, request.event, values)
  if (request.call !== undefined) beginCall(engine, request, request.call, accepted)
  return replaced.length === 0 ? { accepted, full } : { accepted, full, replaced }
}

function except<Item>(items: readonly Item[], those: ReadonlySet<Item>): readonly Item[] {
  return items.filter((item) => !those.has(item))
}

/** Keeps what is needed for one of those who took the event to answer it. */
function beginCall(
  { calls, history }: Engine,
  { event, organizationId, userId, record }: AppendRequest,
  { senderId, endsAtWallMs, masks, cancelOthers }: CallDraft,
  accepted: AppendOutcome['accepted'],
): void {
  const [first] = accepted
  if (first === undefined) return
  const { eventId } = event
  const user = { organizationId, userId }
  const older = calls.find(user, eventId, event.acceptedAtWallMs)?.values
  if (older !== undefined && older.senderId !== senderId) return
  const newer = accepted.map(({ registration: { userEndpointId, registrationId }, sequence }) => {
    return { userEndpointId, registrationId, sequence }
  })
  const parts = older === undefined ? newer : joined(older, newer)
  const recordId = record === undefined ? 0 : history.nextRecordId
  const cancelBytes = cancelOthers?.payload.byteLength ?? 0
  const values = { ...user, eventId, senderId, qos: 1, endsAtWallMs, recordId, masks, parts } as const
  calls.begin(first.sequence, { ...values, winner: '', cancelBytes }, cancelOthers)
}

/** What was sent endpoint by endpoint under one id is one call, until it is answered. */
function joined({ parts, winner }: CallValues, newer: readonly CallPart[]): readonly CallPart[] {
  if (winner !== '') return newer
  const isNewer = (id: string) => newer.some(({ userEndpointId }) => userEndpointId === id)
  return [...parts.filter(({ userEndpointId }) => !isNewer(userEndpointId)), ...newer]
}

/** Whether the mailbox has room; takes out what the event replaces there if so. */
function makeRoom(
  engine: Engine,
  record: RegistrationRecord,
  request: AppendRequest,
  replaced: EntryPosition[],
): boolean {
  const { mailbox } = record
  const { event, eventsMax, bytesMax } = request
  const size = event.payload.byteLength
  if (mailbox === undefined) return eventsMax > 0 && size <= bytesMax
  const old = request.collapseKey === undefined ? [] : replaceable(engine, record, request)
  const oldBytes = old.reduce((bytes, term) => bytes + term.payloadBytes, 0)
  if (!mailbox.hasRoom(size, eventsMax + old.length, bytesMax + oldBytes)) return false
  for (const term of old) {
    takeEntry(engine, record, term.sequence)
    engine.calls.dropEntry(record, term.sequence)
    engine.history.note(term.sequence, 'discarded', event.acceptedAtWallMs, 'collapsed')
    replaced.push(toPosition(term))
  }
  return true
}

/** Unsent entries of the same collapse key. */
function replaceable(
  { links }: Engine,
  { mailbox, registrationId }: RegistrationRecord,
  { collapseKey }: AppendRequest,
): readonly Term[] {
  return [...(mailbox?.terms() ?? [])].filter(
    (term) => term.collapseKey === collapseKey && !links.isInFlight(registrationId, term.sequence),
  )
}

/** The terms of the event's entries; `undefined` where it has none. Begins its race where it has one to win. */
function termsOf(
  { ids, terms }: Engine,
  { event, collapseKey, cancelOthers }: AppendRequest,
  count: number,
): TermValues | undefined {
  const isRace = cancelOthers !== undefined && count > 1
  if (event.expiresAtWallMs === undefined && collapseKey === undefined && !isRace) return undefined
  const raceId = isRace ? ids.nextSequence : 0
  if (isRace) terms.startRace(raceId, encodeRace(cancelOthers))
  return {
    expiresAtWallMs: event.expiresAtWallMs ?? Number.POSITIVE_INFINITY,
    collapseKey: collapseKey ?? '',
    raceId,
  }
}
