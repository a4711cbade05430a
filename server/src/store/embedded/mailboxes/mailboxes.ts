import type { AppendOutcome, AppendRequest, MailboxStore, WantedWrite } from '../../store.ts'
import type { Engine } from '../engine.ts'
import { assertHistoryRoom } from '../history/history.ts'
import { appendToAll } from './append.ts'
import { endEntries } from './end.ts'
import { isShared } from './payload-book.ts'
import type { ReplyBook } from './replies.ts'
import { claim, takePage } from './take.ts'

/** What a row takes beside its payload, with what goes with it, about. */
const ROW_BYTES = 256

export function embeddedMailboxes(engine: Engine, replies: ReplyBook): MailboxStore {
  const { journal, serviceTime, table } = engine
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
        const reached = table.reached(request, serviceTime.heardMs())
        release = request.admit?.(wanted(engine, request, reached.length))
        const outcome = appendToAll(engine, reached, request)
        const isRemembered = remember(engine, replies, request, outcome)
        const isWritten = isRemembered || outcome.accepted.length > 0
        const done = isWritten ? onceDurable(engine, outcome, request.isAwaited) : Promise.resolve(outcome)
        return release === undefined ? done : done.finally(release)
      } catch (error) {
        release?.()
        return Promise.reject(error)
      }
    },
    take: (registration, link, ...page) => takePage(engine, registration, link, ...page),
    async claim(entry, link) {
      journal.assertOpen()
      return claim(engine, entry, link)
    },
    async end(entries, how, bounds, reason) {
      journal.assertOpen()
      return endEntries(engine, entries, how, bounds, reason)
    },
  }
}

/** A function of its own, so that while it waits nothing is held but the outcome. */
function onceDurable(
  engine: Engine,
  outcome: AppendOutcome,
  isAwaited: boolean | undefined,
): Promise<AppendOutcome> {
  const durable = engine.journal.durable()
  return durable.then(() => (isAwaited === true ? withGone(engine, outcome) : outcome))
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

/** What ended while the event became durable: nearly never anything. */
function withGone({ table }: Engine, outcome: AppendOutcome): AppendOutcome {
  const waits = ({ registration, sequence }: AppendOutcome['accepted'][number]) =>
    table.lookUp(registration)?.mailbox?.has(sequence) === true
  if (outcome.accepted.every(waits)) return outcome
  return { ...outcome, gone: outcome.accepted.filter((entry) => !waits(entry)) }
}
