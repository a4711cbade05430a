import { RollcallError } from '@rollcall/protocol/error-code'
import { BULK_ARRAY_ITEMS_MAX, BULK_BYTES_MAX, BULK_LINES_MAX } from '@rollcall/protocol/limits'
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction, onRequestHookHandler } from 'fastify'
import { readSendEventArray, readSendEventLines } from '../../delivery/delivery.ts'
import { JSON_TYPE } from '../answers/error-body.ts'
import { sendAll } from '../answers/send-results.ts'
import type { App } from '../app-type.ts'
import { isReadableLines } from '../bodies/body.ts'
import { countBytes } from '../bodies/bulk-bytes.ts'
import type { AnswerGate } from '../connections/answer-gate.ts'
import { sendInOneWrite } from '../connections/one-write.ts'
import { callerOf } from '../plugins/authenticate.ts'
import { answerRef, NEEDS_TOKEN, refusals } from '../schemas/documentation.ts'
import type { HttpServices } from '../services.ts'

const LINES_TYPE = 'application/x-ndjson'
const RESULT = { anyOf: [answerRef('SendEventResult'), answerRef('Error')] }

const schema = {
  operationId: 'sendEventsToUsers',
  tags: ['Registrations'],
  summary: 'Sends many events in one request',
  description: `Up to ${BULK_ARRAY_ITEMS_MAX} commands of \`sendEvent\` in a JSON array, or up to ${BULK_LINES_MAX} as NDJSON, one a line; ${BULK_BYTES_MAX} bytes at most. The answers are in the order of the events, and one bad event harms no other. Events of \`qos\` 1 become durable together. An \`idempotencyKey\` belongs to one event and stands in its command.`,
  security: NEEDS_TOKEN,
  body: {
    content: {
      'application/json': {
        schema: {
          type: 'array',
          maxItems: BULK_ARRAY_ITEMS_MAX,
          items: { $ref: 'SendEventToUserWebCommand#' },
        },
      },
      [LINES_TYPE]: { schema: { $ref: 'SendEventToUserWebCommand#' } },
    },
  },
  response: {
    200: {
      description: `What became of each event. As NDJSON where the request is, and \`Accept\` names it.`,
      content: {
        'application/json': { schema: { type: 'array', items: RESULT } },
        [LINES_TYPE]: { schema: RESULT },
      },
    },
    ...refusals(400, 401, 413, 415, 503),
  },
}

// The schema is for the documentation: delivery parses the bytes itself, because devices get them.
const validatorCompiler = () => () => true

type Services = Pick<HttpServices, 'delivery' | 'clock' | 'metrics' | 'log' | 'limits'>

/** Needs a scope whose bodies are raw bulk bodies. */
export function sendEventsRoute(app: App, services: Services, gate: AnswerGate): void {
  const options = {
    schema,
    validatorCompiler,
    onRequest: [whileCalm(services), refuseKey],
    preParsing: countBytes(services.limits),
    bodyLimit: BULK_BYTES_MAX,
  }
  app.post('/users/endpoints/sendEvents', options, async (request, reply) => {
    const isRead = isReadableLines(request.raw.headers)
    const read = isRead ? readSendEventLines : readSendEventArray
    const groups = read(rawBody(request), services.clock)
    const answers = await sendAll(services, callerOf(request), groups, request)
    const isLines = isRead && acceptsLines(request)
    const body = isLines ? answers.map((answer) => `${answer}\n`).join('') : `[${answers.join(',')}]`
    sendInOneWrite(gate, reply, { 'content-type': isLines ? LINES_TYPE : JSON_TYPE }, body)
  })
}

/** Before anything of the body is read. */
function whileCalm({ limits }: Services): onRequestHookHandler {
  return (_request, _reply, done) => {
    limits.shedding.admit('bulk')
    done()
  }
}

/** The same. */
function refuseKey({ raw }: FastifyRequest, _reply: FastifyReply, done: HookHandlerDoneFunction): void {
  done(raw.headers['idempotency-key'] === undefined ? undefined : refusedKey())
}

function refusedKey(): RollcallError {
  return new RollcallError('invalid_request', undefined, {
    fields: [['Idempotency-Key', 'is for one event: give each its own idempotencyKey in the body']],
  })
}

/** No body at all is read as an empty one. */
function rawBody({ body }: { readonly body: unknown }): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0)
}

function acceptsLines({ raw }: FastifyRequest): boolean {
  return raw.headers.accept?.toLowerCase().includes(LINES_TYPE) ?? false
}
