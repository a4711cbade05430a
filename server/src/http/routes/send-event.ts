import type { SendEventToUserWebCommand } from '@rollcall/protocol/command'
import { RollcallError } from '@rollcall/protocol/error-code'
import { ID_CHARACTERS_MAX } from '@rollcall/protocol/limits'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { parseSendEvent } from '../../delivery/delivery.ts'
import { eventIdHeader, JSON_TYPE } from '../answers/error-body.ts'
import type { App } from '../app-type.ts'
import { rawBody } from '../bodies/body.ts'
import { waitSeconds } from '../bodies/prefer.ts'
import type { AnswerGate } from '../connections/answer-gate.ts'
import { sendInOneWrite } from '../connections/one-write.ts'
import { callerOf } from '../plugins/authenticate.ts'
import {
  bodyRef,
  EVENT_ID_HEADER,
  json,
  NEEDS_TOKEN,
  RECEIPT_HEADERS,
  refusals,
  SEND_EVENT_HEADERS,
} from '../schemas/documentation.ts'
import type { HttpServices } from '../services.ts'

const schema = {
  operationId: 'sendEventToUser',
  tags: ['Registrations'],
  summary: 'Sends event to all registered user endpoints',
  description:
    'Returns the number of registered endpoints that the event was accepted for, 0 where there is none. Callers with role SERVICE need to supply the organization id. With `qos` 1 the answer comes once the event is durable; it is sent again until the device has acknowledged it. With `Prefer: wait=N` the answer is held until every counted endpoint has acknowledged or can no longer, with `waitFor` "answered" until one has answered or none can, or N seconds have passed; where no counted endpoint is connected, only for `graceMs`. A 503 with `Event-Id` is about an event that may be delivered all the same: its history tells.',
  security: NEEDS_TOKEN,
  headers: SEND_EVENT_HEADERS,
  body: bodyRef<SendEventToUserWebCommand>('SendEventToUserWebCommand'),
  response: {
    200: json(
      'How many endpoints.',
      { type: 'integer', format: 'int32' },
      {
        ...EVENT_ID_HEADER,
        ...RECEIPT_HEADERS,
      },
    ),
    ...refusals(400, 401, 403, 413, 415, 429, 503),
  },
}

// The schema is for the documentation: delivery parses the bytes itself, because the device gets them.
const validatorCompiler = () => () => true

/** Needs a scope whose bodies are raw. */
export function sendEventRoute(
  app: App,
  { delivery }: Pick<HttpServices, 'delivery'>,
  gate: AnswerGate,
): void {
  app.post('/users/endpoints/sendEvent', { schema, validatorCompiler }, async (request, reply) => {
    const caller = callerOf(request)
    const key = idempotencyKey(request)
    const seconds = waitSeconds(request.raw.headers['prefer'])
    const command = parseSendEvent(rawBody(request))
    if (seconds !== undefined) return sendAndWait(delivery, gate, reply, [caller, command, key], seconds)
    const { count, eventId } = await delivery.sendEvent(caller, command, key)
    await gate.opened()
    const headers = { 'event-id': eventIdHeader(eventId), 'content-type': JSON_TYPE }
    sendInOneWrite(gate, reply, headers, String(count))
  })
}

/** Holds the answer until there is nothing more to wait for. Whoever goes away meanwhile gets none. */
async function sendAndWait(
  delivery: HttpServices['delivery'],
  gate: AnswerGate,
  reply: FastifyReply,
  sent: Parameters<HttpServices['delivery']['sendEvent']>,
  seconds: number,
): Promise<void> {
  const gone = new AbortController()
  // Not the request's: that is over as soon as its body was read.
  reply.raw.once('close', () => gone.abort())
  const [caller, command, key] = sent
  const wait = { waitMs: seconds * 1000, gone: gone.signal }
  const { count, eventId, receipts } = await delivery.sendEventAndWait(caller, command, key, wait)
  if (gone.signal.aborted) {
    reply.hijack()
    return
  }
  const headers = { 'event-id': eventIdHeader(eventId), 'content-type': JSON_TYPE }
  const known = receipts && {
    // Cut short by a stop: what follows is no answer to the question that was asked.
    'preference-applied': `wait=${receipts.isCutShort ? 0 : seconds}`,
    acknowledged: receipts.acknowledged,
    connected: receipts.connected,
    ...(receipts.answeredBy === undefined ? {} : { answered: eventIdHeader(receipts.answeredBy) }),
  }
  sendInOneWrite(gate, reply, { ...headers, ...known }, String(count))
}

function idempotencyKey(request: FastifyRequest): string | undefined {
  const key = request.raw.headers['idempotency-key']
  if (key === undefined) return undefined
  if (typeof key === 'string' && key.length > 0 && key.length <= ID_CHARACTERS_MAX) return key
  throw new RollcallError('invalid_request', undefined, {
    fields: [['Idempotency-Key', `must be 1 to ${ID_CHARACTERS_MAX} characters`]],
  })
}
