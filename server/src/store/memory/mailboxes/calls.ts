import type { Moment } from '../../moment.ts'
import {
  type AnswerOutcome,
  type AnswerRequest,
  type Call,
  type CallStore,
  type EntryPosition,
  type MailboxBounds,
  toKey,
} from '../../store.ts'
import { assertOpen } from '../gate.ts'
import { findLive, type Slot } from '../registrations/slots.ts'
import type { Kept, Part } from './call-book.ts'
import { discard, tellTheOthers } from './cancel.ts'
import { endOne } from './end.ts'
import type { MailboxParts } from './parts.ts'

export function memoryCalls(parts: MailboxParts): CallStore {
  const { calls, gate, now } = parts
  return {
    async find(user, eventId) {
      assertOpen(gate)
      const kept = calls.find(user, eventId, now().nowWallMs)
      return kept && toCall(kept)
    },
    async answer(request, bounds) {
      assertOpen(gate)
      return answer(parts, request, bounds, now())
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
  const { user: to, senderId, eventId, awaitedAt } = call
  const answered = { to, senderId, eventId, userEndpointId: request.userEndpointId }
  parts.neighbours.mention(awaitedAt, { kind: 'answered', ...answered })
  const taken = takeOwn(parts, own, at)
  return { kind: 'answered', taken, cancellation: cancel(parts, call, bounds, at), durable }
}

function fromHistory({ call, organizationId, userId }: AnswerRequest): Kept {
  const { userEndpointIds, answeredBy: _, ...rest } = call
  const parts = userEndpointIds.map((id) => ({ userEndpointId: id, registrationId: 0, sequence: 0 }))
  const user = { organizationId, userId }
  return { ...rest, user, parts, cancel: undefined, winner: undefined, awaitedAt: undefined }
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
  parts: MailboxParts,
  { registrationId, sequence }: Part,
  at: Moment,
): EntryPosition | undefined {
  const slot = parts.slots.byId.get(registrationId)
  const entry = slot?.mailbox.find((one) => one.sequence === sequence)
  if (slot === undefined || entry === undefined) return undefined
  endOne(parts, slot, entry, 'acknowledged', at)
  return { registration: toKey(slot.registration), sequence }
}

function cancel(parts: MailboxParts, call: Kept, bounds: MailboxBounds, at: Moment) {
  const { slots, links } = parts
  const draft = call.cancel
  if (draft === undefined) return undefined
  call.cancel = undefined
  const others = call.parts.filter(({ userEndpointId }) => userEndpointId !== call.winner)
  if (others.length === 0) return undefined
  const discarded: EntryPosition[] = []
  for (const { registrationId, sequence } of others) {
    const slot = slots.byId.get(registrationId)
    const waits = slot?.mailbox.some((entry) => entry.sequence === sequence) === true
    if (slot === undefined || !waits || links.isInFlight(registrationId, sequence)) continue
    discard(parts, slot, sequence, 'answered_elsewhere', at)
    discarded.push({ registration: toKey(slot.registration), sequence })
  }
  const live = others.flatMap(({ userEndpointId }): readonly Slot[] => {
    const slot = findLive(slots, { ...call.user, userEndpointId }, at.heardMs)
    return slot === undefined ? [] : [slot]
  })
  const told = tellTheOthers(parts, draft, live, bounds, at)
  return { organizationId: call.user.organizationId, ...told, discarded, durable: Promise.resolve() }
}
