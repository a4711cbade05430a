import assert from 'node:assert/strict'
import { SPARED_FOR_MS } from '../../bounds.ts'
import type {
  AppendOutcome,
  AppendRequest,
  Cancellation,
  EntryPosition,
  MailboxEntry,
  MailboxStore,
  RegistrationKey,
  SentThrough,
  UserKey,
  WantedWrite,
} from '../../store.ts'
import { type Engine, momentOf } from '../engine.ts'
import { tellReceipt, watchedReceipt } from '../feed/receipts.ts'
import { assertHistoryRoom } from '../history/history.ts'
import type { RegistrationRecord } from '../registrations/record.ts'
import { appendToAll } from './append.ts'
import { cancelTheOthers, toPosition } from './cancel.ts'
import { takeEntry } from './entries.ts'
import { readEntry } from './entry-rows.ts'
import { isShared } from './payload-book.ts'
import type { ReplyBook } from './replies.ts'

/** How long an entry is left alone whose receipt is wanted and whose row is not on disk yet, milliseconds. */
const UNWRITTEN_FOR_MS = 250
/** What a row takes beside its payload, with what goes with it, about. */
const ROW_BYTES = 256

export function embeddedMailboxes(engine: Engine, replies: ReplyBook): MailboxStore {
  const { calls, journal, serviceTime, table } = engine
  return {
    // Not `async`: each event that waits for its commit would hold one frame more.
    append(request) {
      let release: (() => void) | undefined
      try {
        journal.assertTakesEvents()
        assertHistoryRoom(engine.history)
        const repeated = request.idempotency && replies.tokens.done(request.idempotency.token)
        if (repeated !== undefined)
          return journal.durable().then(() => ({ accepted: [], full: [], repeated }))
        const reached = targets(engine, request, serviceTime.heardMs())
        release = request.admit?.(wanted(engine, request, reached.length))
        const outcome = appendToAll(engine, reached, request)
        const isRemembered = remember(engine, replies, request, outcome)
        const isWritten = isRemembered || outcome.accepted.length > 0
        const done = isWritten ? journal.durable().then(() => outcome) : Promise.resolve(outcome)
        return release === undefined ? done : done.finally(release)
      } catch (error) {
        release?.()
        return Promise.reject(error)
      }
    },
    read: (registration, afterSequence, entriesMax, bytesMax) =>
      read(engine, registration, afterSequence, entriesMax, bytesMax),
    has: (registration, sequence) => table.lookUp(registration)?.mailbox?.has(sequence) === true,
    remove(registration, sequence) {
      const record = table.lookUp(registration)
      if (record !== undefined && takeEntry(engine, record, sequence)) calls.dropEntry(record, sequence)
    },
    acknowledge(registration, sequence, bounds, sentThrough) {
      const at = momentOf(engine)
      const record = table.lookUp(registration)
      if (record === undefined) return undefined
      const term = record.mailbox?.termOf(sequence)
      const receipt = watchedReceipt(engine, 'UserEventAcknowledgedEvent', record, sequence)
      let cancellation: Cancellation | undefined
      if (term !== undefined && term.raceId !== 0)
        cancellation = cancelTheOthers(engine, term, bounds, sentThrough, at)
      else takeEntry(engine, record, sequence)
      tellReceipt(engine, 'UserEventAcknowledgedEvent', record, receipt, at.nowWallMs)
      return cancellation
    },
    expireDue: (max, sentThrough) => expireDue(engine, engine.clock.wallMs(), max, sentThrough),
    depth: (registration) => table.lookUp(registration)?.mailbox?.depth ?? 0,
  }
}

function targets(
  { table }: Engine,
  { organizationId, userId, userEndpointId }: UserKey & { readonly userEndpointId?: string },
  heardMs: number,
): readonly RegistrationRecord[] {
  if (userEndpointId === undefined) return table.listLive({ organizationId, userId }, heardMs)
  const record = table.findLive({ organizationId, userId, userEndpointId }, heardMs)
  return record === undefined ? [] : [record]
}

/** About what an event leaves to be written where so many endpoints take it. */
function wanted(
  { journal }: Engine,
  { event, record, cancelOthers, call }: AppendRequest,
  endpoints: number,
): WantedWrite {
  const cancel = cancelOthers ?? call?.cancelOthers
  const copies = isShared(event.payload.byteLength, endpoints) ? 1 : endpoints
  const others = (record?.event.byteLength ?? 0) + (cancel?.payload.byteLength ?? 0)
  const bytes = copies * event.payload.byteLength + others + (endpoints + 1) * ROW_BYTES
  return { bytes, endpoints, waitingBytes: journal.waitingBytes }
}

/** Leaves the answer and the record that go with an event. Returns whether there was anything to leave. */
function remember(
  { history }: Engine,
  replies: ReplyBook,
  { idempotency, event, record }: AppendRequest,
  outcome: AppendOutcome,
): boolean {
  const count = outcome.accepted.length
  if (count === 0 && outcome.full.length > 0) return false
  if (record !== undefined) history.addAppended(record, outcome)
  if (idempotency !== undefined) replies.appended(idempotency, { eventId: event.eventId, count })
  return record !== undefined || idempotency !== undefined
}

async function read(
  engine: Engine,
  registration: RegistrationKey,
  afterSequence: number,
  entriesMax: number,
  bytesMax: number,
): Promise<readonly MailboxEntry[]> {
  const { journal, table } = engine
  journal.assertReadable()
  const newestCommit = table.lookUp(registration)?.mailbox?.newestCommit ?? 0
  if (!journal.isDurable(newestCommit)) await journal.durable()
  journal.assertReadable()
  const mailbox = table.lookUp(registration)?.mailbox
  if (mailbox === undefined) return []
  const entries: MailboxEntry[] = []
  const { registrationId } = registration
  for (const { sequence, size } of mailbox.after(afterSequence, entriesMax, bytesMax)) {
    const event = readEntry(engine, { registrationId, sequence, payloadBytes: size })
    if (event === undefined) {
      // Appended while this waited, and not on disk yet. Anything else must never happen.
      assert(!journal.isDurable(mailbox.newestCommit), 'a mailbox entry has no row')
      break
    }
    const expiresAtWallMs = mailbox.termOf(sequence)?.expiresAtWallMs ?? Number.POSITIVE_INFINITY
    const hasEnd = expiresAtWallMs !== Number.POSITIVE_INFINITY
    entries.push({ sequence, ...event, ...(hasEnd ? { expiresAtWallMs } : {}) })
  }
  return entries
}

function expireDue(
  engine: Engine,
  nowWallMs: number,
  max: number,
  sentThrough: SentThrough,
): readonly EntryPosition[] {
  const { calls, history, journal, terms } = engine
  if (journal.failure() !== undefined) return []
  const expired: EntryPosition[] = []
  for (let looked = 0; looked < max; looked++) {
    const term = terms.due.first
    if (term === undefined || term.dueAtWallMs > nowWallMs) break
    if (term.sequence <= sentThrough(term.record.registrationId)) {
      terms.due.postpone(term, nowWallMs + SPARED_FOR_MS)
      continue
    }
    const receipt = watchedReceipt(engine, 'UserEventExpiredEvent', term.record, term.sequence)
    if (receipt !== undefined && receipt.eventId === undefined) {
      terms.due.postpone(term, nowWallMs + UNWRITTEN_FOR_MS)
      continue
    }
    takeEntry(engine, term.record, term.sequence)
    calls.dropEntry(term.record, term.sequence)
    tellReceipt(engine, 'UserEventExpiredEvent', term.record, receipt, nowWallMs)
    history.note(term.sequence, 'expired', nowWallMs)
    expired.push(toPosition(term))
  }
  return expired
}
