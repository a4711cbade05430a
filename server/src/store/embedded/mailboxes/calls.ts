import type { Moment } from '../../moment.ts'
import {
  type AnswerOutcome,
  type AnswerRequest,
  type Call,
  type CallStore,
  type CancelDraft,
  type Cancellation,
  type EntryPosition,
  type MailboxBounds,
  toKey,
  type UserKey,
} from '../../store.ts'
import { type Engine, momentOf } from '../engine.ts'
import type { RegistrationRecord } from '../registrations/record.ts'
import type { KeptCall } from './call-book.ts'
import type { CallPart, CallValues } from './call-row.ts'
import { tellTheOthers } from './cancel.ts'
import { tellEnd } from './end.ts'
import { takeEntry } from './entries.ts'

export function embeddedCalls(engine: Engine): CallStore {
  const { calls, journal } = engine
  return {
    async find(user, eventId) {
      journal.assertReadable()
      const call = calls.find(user, eventId, engine.clock.wallMs())
      return call !== undefined && isBegun(engine, call) ? toCall(call) : undefined
    },
    async answer(request, bounds) {
      journal.assertWritable()
      return answer(engine, request, bounds, momentOf(engine))
    },
  }
}

/** Nobody was sent the event before that was durable, so that nobody can answer it. */
function isBegun({ journal }: Engine, { values, begunCommit }: KeptCall): boolean {
  return values.winner !== '' || journal.isDurable(begunCommit)
}

function toCall({ values }: KeptCall): Call {
  const { eventId, senderId, qos, recordId, endsAtWallMs, masks, parts, winner } = values
  const userEndpointIds = parts.map(({ userEndpointId }) => userEndpointId)
  const answeredBy = winner === '' ? undefined : winner
  return { eventId, senderId, qos, recordId, endsAtWallMs, masks, userEndpointIds, answeredBy }
}

/** Called synchronously, so that nothing comes in between. */
function answer(engine: Engine, request: AnswerRequest, bounds: MailboxBounds, at: Moment): AnswerOutcome {
  const { calls, ids, journal } = engine
  const known = calls.find(request, request.call.eventId, at.nowWallMs)
  const values = known?.values ?? fromHistory(request)
  const own = values.parts.find(({ userEndpointId }) => userEndpointId === request.userEndpointId)
  if (own === undefined || at.nowWallMs >= values.endsAtWallMs || values.recordId !== request.call.recordId)
    return { kind: 'unknown' }
  if (known !== undefined && !isBegun(engine, known)) return { kind: 'unknown' }
  if (known !== undefined && values.winner !== '') return judge(engine, known, request.userEndpointId)
  const call = known ?? calls.begin(ids.nextSequence++, values, undefined)
  const draft = calls.cancelOf(call)
  calls.end(call, request.userEndpointId)
  tellOfAnswer(engine, request, at)
  const taken = takeOwn(engine, values, own, at)
  const durable = journal.durable()
  const others = values.parts.filter((part) => part !== own)
  const cancellation =
    draft && others.length > 0 ? cancel(engine, { user: values, others, draft }, bounds, at) : undefined
  return { kind: 'answered', taken, cancellation: cancellation && { ...cancellation, durable }, durable }
}

/** Somebody has answered before, which may not be durable yet. */
function judge({ journal }: Engine, { values, commit }: KeptCall, userEndpointId: string): AnswerOutcome {
  const durable = journal.isDurable(commit) ? Promise.resolve() : journal.durable()
  const { winner } = values
  if (winner === userEndpointId) return { kind: 'repeated', durable }
  return { kind: 'elsewhere', userEndpointId: winner, durable }
}

/** An event that was not appended as a call becomes one by its answer. */
function fromHistory({ call, organizationId, userId }: AnswerRequest): CallValues {
  const { userEndpointIds, answeredBy: _, ...rest } = call
  const parts = userEndpointIds.map((id) => ({ userEndpointId: id, registrationId: 0, sequence: 0 }))
  return { ...rest, organizationId, userId, parts, winner: '', cancelBytes: 0 }
}

function tellOfAnswer(
  { table, history, feed }: Engine,
  { call, answer: said, organizationId, userId, userEndpointId }: AnswerRequest,
  { heardMs, nowWallMs }: Moment,
): void {
  const answered = { userEndpointId, atWallMs: nowWallMs }
  const withAnswer = said === undefined ? answered : { ...answered, answer: said }
  history.noteAnswer(organizationId, call.recordId, withAnswer)
  const endpoint = { organizationId, userId, userEndpointId }
  const more = {
    eventId: call.eventId,
    ...(said === undefined ? {} : { answer: Buffer.from(said).toString() }),
  }
  const subject = table.findLive(endpoint, heardMs) ?? endpoint
  feed.changes.add('UserEndpointEventAnsweredEvent', subject, 'answered', nowWallMs, more)
}

/** Whoever answers has the event: its own copy is acknowledged. */
function takeOwn(engine: Engine, call: CallValues, part: CallPart, at: Moment): EntryPosition | undefined {
  const { sequence } = part
  const record = waitingAt(engine, call, part)
  if (record === undefined) return undefined
  takeEntry(engine, record, sequence)
  tellEnd(engine, record, { sequence, eventId: call.eventId }, 'acknowledged', at)
  return { registration: toKey(record), sequence }
}

/** A call that one endpoint has answered, as it is for the others. */
type LostCall = {
  readonly user: UserKey
  readonly others: readonly CallPart[]
  readonly draft: CancelDraft
}

/** The others' unsent copies go, and the cancelling event is for whoever of them is registered now. */
function cancel(
  engine: Engine,
  { user, others, draft }: LostCall,
  bounds: MailboxBounds,
  at: Moment,
): Omit<Cancellation, 'durable'> {
  const { table, history, links } = engine
  const discarded: EntryPosition[] = []
  for (const part of others) {
    const { registrationId, sequence } = part
    const record = waitingAt(engine, user, part)
    if (record === undefined || links.isInFlight(registrationId, sequence)) continue
    takeEntry(engine, record, sequence)
    history.note(sequence, 'discarded', at.nowWallMs, 'answered_elsewhere')
    discarded.push({ registration: toKey(record), sequence })
  }
  const live = others.flatMap(({ userEndpointId }): readonly RegistrationRecord[] => {
    const record = table.findLive(
      { organizationId: user.organizationId, userId: user.userId, userEndpointId },
      at.heardMs,
    )
    return record === undefined ? [] : [record]
  })
  return { organizationId: user.organizationId, ...tellTheOthers(engine, draft, live, bounds, at), discarded }
}

/** The registration in whose mailbox the part's copy still waits. */
function waitingAt(
  { table }: Engine,
  { organizationId, userId }: UserKey,
  part: CallPart,
): RegistrationRecord | undefined {
  const record = table.lookUp({ organizationId, userId, ...part })
  return record?.mailbox?.has(part.sequence) === true ? record : undefined
}
