import type { Moment } from '../../moment.ts'
import type {
  AnswerOutcome,
  AnswerRequest,
  Call,
  CallStore,
  EntryPosition,
  MailboxBounds,
  SentThrough,
} from '../../store.ts'
import { assertOpen } from '../gate.ts'
import { findLive, type Slot, toKey } from '../registrations/slots.ts'
import type { Kept, Part } from './call-book.ts'
import { discard, tellTheOthers } from './cancel.ts'
import { type MailboxParts, take } from './mailboxes.ts'

export function memoryCalls(parts: MailboxParts): CallStore {
  const { calls, gate, now } = parts
  return {
    async find(user, eventId) {
      assertOpen(gate)
      const kept = calls.find(user, eventId, now().nowWallMs)
      return kept && toCall(kept)
    },
    answer(request, bounds, sentThrough) {
      assertOpen(gate)
      return answer(parts, request, bounds, sentThrough, now())
    },
  }
}

function toCall({ eventId, senderId, qos, recordId, endsAtWallMs, masks, parts, winner }: Kept): Call {
  const userEndpointIds = parts.map(({ userEndpointId }) => userEndpointId)
  return { eventId, senderId, qos, recordId, endsAtWallMs, masks, userEndpointIds, answeredBy: winner }
}

function answer(
  parts: MailboxParts,
  request: AnswerRequest,
  bounds: MailboxBounds,
  sentThrough: SentThrough,
  at: Moment,
): AnswerOutcome {
  const durable = Promise.resolve()
  const { calls } = parts
  const known = calls.find(request, request.call.eventId, at.nowWallMs)
  const call = known ?? fromHistory(request)
  const own = call.parts.find(({ userEndpointId }) => userEndpointId === request.userEndpointId)
  if (own === undefined || at.nowWallMs >= call.endsAtWallMs || call.recordId !== request.call.recordId)
    return { kind: 'unknown' }
  if (call.winner === request.userEndpointId) return { kind: 'repeated', durable }
  if (call.winner !== undefined) return { kind: 'elsewhere', userEndpointId: call.winner, durable }
  call.winner = request.userEndpointId
  if (known === undefined) calls.add(call)
  tellOfAnswer(parts, request, at)
  const taken = takeOwn(parts, own, at)
  return { kind: 'answered', taken, cancellation: cancel(parts, call, bounds, sentThrough, at), durable }
}

function fromHistory({ call, organizationId, userId }: AnswerRequest): Kept {
  const { userEndpointIds, answeredBy: _, ...rest } = call
  const parts = userEndpointIds.map((id) => ({ userEndpointId: id, registrationId: 0, sequence: 0 }))
  const user = { organizationId, userId }
  return { ...rest, user, parts, cancel: undefined, winner: undefined }
}

function tellOfAnswer(
  { slots, history, feed }: MailboxParts,
  { call, answer: said, organizationId, userId, userEndpointId }: AnswerRequest,
  { heardMs, nowWallMs }: Moment,
): void {
  const answered = { userEndpointId, atWallMs: nowWallMs }
  history.noteAnswer(call.recordId, said === undefined ? answered : { ...answered, answer: said })
  const endpoint = { organizationId, userId, userEndpointId }
  const subject = findLive(slots, endpoint, heardMs)?.registration ?? endpoint
  feed.addReceipt('UserEndpointEventAnsweredEvent', subject, call.eventId, nowWallMs, said)
}

/** Whoever answers has the event. */
function takeOwn(
  { slots, history, feed }: MailboxParts,
  { registrationId, sequence }: Part,
  { nowWallMs }: Moment,
): EntryPosition | undefined {
  const slot = slots.byId.get(registrationId)
  if (slot === undefined) return undefined
  const entry = take(slots, slot.registration, sequence)
  if (entry === undefined) return undefined
  feed.addReceipt('UserEventAcknowledgedEvent', slot.registration, entry.eventId, nowWallMs)
  history.note(sequence, 'acknowledged', nowWallMs)
  return { registration: toKey(slot.registration), sequence }
}

function cancel(
  { slots, history }: MailboxParts,
  call: Kept,
  bounds: MailboxBounds,
  sentThrough: SentThrough,
  at: Moment,
) {
  const draft = call.cancel
  if (draft === undefined) return undefined
  call.cancel = undefined
  const others = call.parts.filter(({ userEndpointId }) => userEndpointId !== call.winner)
  if (others.length === 0) return undefined
  const discarded: EntryPosition[] = []
  for (const { registrationId, sequence } of others) {
    const slot = slots.byId.get(registrationId)
    const waits = slot?.mailbox.some((entry) => entry.sequence === sequence) === true
    if (slot === undefined || !waits || sequence <= sentThrough(registrationId)) continue
    discard(slot, sequence, history, at)
    discarded.push({ registration: toKey(slot.registration), sequence })
  }
  const live = others.flatMap(({ userEndpointId }): readonly Slot[] => {
    const slot = findLive(slots, { ...call.user, userEndpointId }, at.heardMs)
    return slot === undefined ? [] : [slot]
  })
  const told = tellTheOthers(slots, history, draft, live, bounds, at)
  return { ...told, discarded, durable: Promise.resolve() }
}
