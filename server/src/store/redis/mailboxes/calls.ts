import type { AnswerOutcome, AnswerRequest, Call, CallStore, MailboxBounds } from '../../store.ts'
import { list, number, optional, text, texts } from '../connection/answers.ts'
import type { Answer } from '../connection/wire.ts'
import { atUser, type Engine } from '../engine.ts'
import { toCancellation } from './end.ts'
import { toPosition } from './positions.ts'

export function redisCalls(engine: Engine): CallStore {
  return {
    async find(user, eventId) {
      const args = [user.organizationId, user.userId, eventId]
      const answer = await atUser(engine, 'quick', 'call_find', user, args)
      return optional(answer, (found) => toCall(eventId, found))
    },
    answer: (request, bounds) => answer(engine, request, bounds),
  }
}

function toCall(eventId: string, answer: Answer): Call {
  const [senderId, qos, recordId, endsAtWallMs, masks, endpoints, winner] = list(answer)
  return {
    eventId,
    senderId: text(senderId),
    qos: number(qos) === 1 ? 1 : 0,
    recordId: number(recordId),
    endsAtWallMs: number(endsAtWallMs),
    masks: optional(masks, texts),
    userEndpointIds: texts(endpoints),
    answeredBy: optional(winner, text),
  }
}

async function answer(
  engine: Engine,
  request: AnswerRequest,
  { eventsMax, bytesMax }: MailboxBounds,
): Promise<AnswerOutcome> {
  const { call, answer: said } = request
  const fields = {
    o: request.organizationId,
    u: request.userId,
    endpoint: request.userEndpointId,
    hasAnswer: said !== undefined,
    call: {
      e: call.eventId,
      sender: call.senderId,
      qos: call.qos,
      record: String(call.recordId),
      ends: call.endsAtWallMs,
      masks: call.masks,
      endpoints: call.userEndpointIds,
    },
  }
  const args = [JSON.stringify(fields), Buffer.from(said ?? []), eventsMax, bytesMax, engine.hints.next()]
  return toOutcome(await atUser(engine, 'durable', 'answer', request, args))
}

function toOutcome(answer: Answer): AnswerOutcome {
  const [kind, ...rest] = list(answer)
  const durable = Promise.resolve()
  switch (text(kind)) {
    case 'answered': {
      const [taken, cancellation] = rest
      return {
        kind: 'answered',
        taken: optional(taken, toPosition),
        cancellation: optional(cancellation, toCancellation),
        durable,
      }
    }
    case 'repeated':
      return { kind: 'repeated', durable }
    case 'elsewhere':
      return { kind: 'elsewhere', userEndpointId: text(rest[0]), durable }
    default:
      return { kind: 'unknown' }
  }
}
