import { afterThisTurn } from '../../clock/clock.ts'
import { SPARED_FOR_MS } from '../bounds.ts'
import { nextStep } from '../lifecycle.ts'
import type { Moment } from '../moment.ts'
import type { EntryPosition, Registration, Swept } from '../store.ts'
import { type Engine, momentOf, removeRegistration } from './engine.ts'
import { isReceiptWatched } from './feed/receipts.ts'
import { toPosition } from './mailboxes/cancel.ts'
import { tellEnd } from './mailboxes/end.ts'
import { takeEntry } from './mailboxes/entries.ts'
import { readEntry } from './mailboxes/entry-rows.ts'
import { type Term, toRegistration } from './registrations/record.ts'
import { tell } from './registrations/registrations.ts'

/** Registrations looked at by one sweep before everybody else gets a turn. */
const LOOKED_AT_MAX = 10_000
/** How long an entry is left alone whose receipt is wanted and whose row is not on disk yet, milliseconds. */
const UNWRITTEN_FOR_MS = 250

/** See `Store.sweep`. */
export async function sweep(engine: Engine, max: number): Promise<Swept> {
  const { journal, serviceTime, table } = engine
  journal.assertReadable()
  while (!table.due.open(serviceTime.heardMs(), LOOKED_AT_MAX))
    await new Promise<void>((resolve) => afterThisTurn(resolve))
  journal.assertReadable()
  const at = momentOf(engine)
  const registrations = sweepRegistrations(engine, max, at)
  return { ...registrations, lapsed: sweepEntries(engine, max, at), nextDueInMs: nextDueInMs(engine, at) }
}

function sweepRegistrations(engine: Engine, max: number, at: Moment): Pick<Swept, 'reminded' | 'expired'> {
  const { stale, table } = engine
  const reminded: Registration[] = []
  const expired: Registration[] = []
  for (let looked = 0; looked < max; looked++) {
    const record = table.due.take(at.heardMs)
    if (record === undefined) break
    if (nextStep(record, at.heardMs) === 'expire') {
      const isReplaced = table.isReplaced(record)
      if (!isReplaced) tell(engine, 'UserEndpointExpiredEvent', record, 'keepalive_missed', at)
      removeRegistration(engine, record, isReplaced ? 'registered_anew' : 'registration_expired', at)
      expired.push(toRegistration(record, at.nowMs))
      continue
    }
    record.reminded = true
    table.due.file(record)
    stale.mark(record)
    reminded.push(toRegistration(record, at.nowMs))
  }
  return { reminded, expired }
}

function sweepEntries(engine: Engine, max: number, at: Moment): readonly EntryPosition[] {
  const { links, terms } = engine
  const lapsed: EntryPosition[] = []
  for (let looked = 0; looked < max; looked++) {
    const term = terms.due.first
    if (term === undefined || term.dueAtWallMs > at.nowWallMs) break
    const isSpared = links.isInFlight(term.record.registrationId, term.sequence)
    if (isSpared) terms.due.postpone(term, at.nowWallMs + SPARED_FOR_MS)
    else if (expire(engine, term, at)) lapsed.push(toPosition(term))
    else terms.due.postpone(term, at.nowWallMs + UNWRITTEN_FOR_MS)
  }
  return lapsed
}

/** Memory does not know an event's id: where somebody wants it, the row is read. False: it is not on disk yet. */
function expire(engine: Engine, { record, sequence, payloadBytes }: Term, at: Moment): boolean {
  const { registrationId } = record
  const isWanted = isReceiptWatched(engine, record, 'expired')
  const eventId = isWanted ? readEntry(engine, { registrationId, sequence, payloadBytes })?.eventId : ''
  if (eventId === undefined) return false
  takeEntry(engine, record, sequence)
  tellEnd(engine, record, { sequence, eventId }, 'expired', at)
  return true
}

function nextDueInMs({ table, terms }: Engine, { heardMs, nowWallMs }: Moment): number {
  const entryDueAtWallMs = terms.due.first?.dueAtWallMs ?? Number.POSITIVE_INFINITY
  return Math.max(0, Math.min(table.due.nextMs - heardMs, entryDueAtWallMs - nowWallMs))
}
