import { RollcallError } from '@rollcall/protocol/error-code'
import { afterThisTurn, type Clock, type ServiceTime } from '../../../clock/clock.ts'
import type { HistoryQuery, HistoryRecord, HistoryStore } from '../../store.ts'
import type { Journal } from '../journal/journal.ts'
import type { HistoryBook } from './history-book.ts'
import { conditionsOf } from './history-conditions.ts'
import { type Search, search } from './history-search.ts'

/** Steps of one listing, a step being a record or a block of the index, and bytes of its events. */
const STEPS_MAX = 4_000
/** The same where each event is read for a text. */
const READ_MAX = 500
const LISTED_BYTES_MAX = 1024 * 1024
/** What an endpoint's part takes in an answer, about: an event to a thousand devices is as large as a hundred events. */
const PART_BYTES = 160

/** Bytes of records at which they are written though nobody waits for it. */
const COMMITTED_BYTES = 256 * 1024
/** Bytes of records that may wait for a commit. Past it nothing new is taken on. */
const WAITING_BYTES_MAX = 64 * 1024 * 1024

export type HistoryParts = {
  readonly book: HistoryBook
  readonly journal: Journal
  readonly clock: Pick<Clock, 'wallMs'>
  readonly wall: ServiceTime['wall']
}

/** Reads wait for what was accepted before them to be durable: they never show what a crash could undo. */
export function embeddedHistory(parts: HistoryParts): HistoryStore {
  const { book, clock, journal } = parts
  const nextTurn = turnTaker()
  return {
    add(draft, endpoints) {
      if (!journal.isOpen) return
      book.add(draft, endpoints)
      if (book.waitingBytes >= COMMITTED_BYTES) journal.flushMuch()
    },
    note({ sequence }, outcome, reason) {
      if (journal.isOpen) book.note(sequence, outcome, clock.wallMs(), reason)
    },
    async bytes(organizationId) {
      journal.assertOpen()
      return organizationId === undefined ? book.state.bytes : book.bytesOf(organizationId)
    },
    async find(eventId, query) {
      const begun = await begin(parts, query, nextTurn)
      const steps = search({ ...begun, conditions: conditionsOf(query, eventId) })
      let looked = 0
      for await (const { record } of steps) {
        if (record?.eventId === eventId) return record
        // Blocks of former versions do not say who sent what: users could have put any number in the way.
        if (query.isFromBackend && ++looked >= STEPS_MAX) return undefined
      }
      return undefined
    },
    async list(query, before, max) {
      return list(await begin(parts, query, nextTurn, before), max)
    },
  }
}

async function begin(
  { book, journal, wall }: HistoryParts,
  query: HistoryQuery,
  nextTurn: () => Promise<void>,
  before = Number.POSITIVE_INFINITY,
): Promise<Search> {
  journal.assertReadable()
  if (!book.isDurable) await journal.durable()
  journal.assertReadable()
  const newerThanWallMs = wall.earliestMs() - book.context.bounds.ageMsMax
  return { book, query, conditions: conditionsOf(query), before, newerThanWallMs, nextTurn }
}

/** Looks one record further than it gives out: where there is none, there is no next page. */
async function list(
  begun: Search,
  max: number,
): Promise<{ records: readonly HistoryRecord[]; next: number | undefined }> {
  const records: HistoryRecord[] = []
  let bytes = 0
  let steps = 0
  const stepsMax = begun.query.text === undefined ? STEPS_MAX : READ_MAX
  for await (const { record, before } of search(begun)) {
    if (record !== undefined) {
      bytes += record.event.byteLength + record.endpoints.length * PART_BYTES
      const isFull = records.length === max || (records.length > 0 && bytes > LISTED_BYTES_MAX)
      if (isFull) return { records, next: records.at(-1)?.recordId }
      records.push(record)
    }
    if (++steps >= stepsMax) return { records, next: before }
  }
  return { records, next: undefined }
}

/** Searches take turns: however many there are, one slice of one of them runs in a turn of the event loop. */
function turnTaker(): () => Promise<void> {
  let last: Promise<void> = Promise.resolve()
  const turn = () => new Promise<void>((resolve) => afterThisTurn(resolve))
  return () => {
    last = last.then(turn)
    return last
  }
}

/** Throws when so much of the history waits to be written that nothing more may come. */
export function assertHistoryRoom(book: HistoryBook): void {
  if (book.waitingBytes > WAITING_BYTES_MAX)
    throw new RollcallError('unavailable', 'Too much waits to be written.', { retryAfterSeconds: 1 })
}
