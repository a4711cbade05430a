import { ID_CHARACTERS_MAX, WAIT_SECONDS_MAX, WAIT_SECONDS_MIN } from '@rollcall/protocol/limits'
import { type TUnsafe, Type } from 'typebox'

/** A request body that is one of the shared schemas, with the type that the protocol gives it. */
export function bodyRef<Command>(name: string): TUnsafe<Command> {
  return Type.Unsafe<Command>({ $ref: `${name}#` })
}

/** The same for an answer. */
export function answerRef(name: string): object {
  return { $ref: `${name}#` }
}

/** Either way of getting a token; the names are the contract's. */
export const NEEDS_TOKEN = [{ BearerToken: [] }, { OAuth2ClientCredentials: [] }] as const

const WHY = {
  400: 'Bad Request',
  401: 'No valid bearer token.',
  403: 'The caller may not do this.',
  404: 'Nothing there, or nothing of yours.',
  409: 'It conflicts with what is there, which the message names: another endpoint was the first to answer (`answeredBy`), or the directory cannot be changed so.',
  412: 'Somebody has changed it since it was seen.',
  413: 'The body is too large. The connection is closed.',
  415: 'The body is not `application/json` in UTF-8.',
  428: '`If-Match` is missing.',
  429: 'A rate limit was met, or every mailbox is full. Nothing was accepted.',
  500: 'The server failed.',
  503: 'The server cannot serve this now: it starts, stops, or cannot write.',
} as const

/** The refusals of an operation, each with the shape of `Error`. */
export function refusals(...statuses: readonly (keyof typeof WHY)[]): Record<string, object> {
  return Object.fromEntries(
    statuses.map((status) => [status, { description: WHY[status], ...ERROR, ...headersOf(status) }]),
  )
}

const ERROR = { content: { 'application/json': { schema: answerRef('Error') } } }

function headersOf(status: keyof typeof WHY): object {
  if (status === 401)
    return { headers: { 'WWW-Authenticate': { type: 'string', description: 'RFC 6750 §3.' } } }
  if (status !== 429 && status !== 503) return {}
  const retryAfter = { 'Retry-After': { type: 'integer', description: 'Seconds.' } }
  return { headers: status === 429 ? { ...retryAfter, ...LIMIT_HEADERS } : retryAfter }
}

/** draft-ietf-httpapi-ratelimit-headers-10. */
const LIMIT_HEADERS = {
  RateLimit: { type: 'string', description: 'For `rate_limited`: the limit that was met, and what is left.' },
  'RateLimit-Policy': { type: 'string', description: 'The same: its quota and window.' },
}

/** An answer without a body. */
export function noContent(description: string): object {
  return { type: 'null', description }
}

/** An answer with a JSON body. */
export function json(description: string, schema: object, headers?: object): object {
  const content = { 'application/json': { schema } }
  return headers === undefined ? { description, content } : { description, content, headers }
}

/** An answer of another type. */
export function text(description: string, contentType: string): object {
  return { description, content: { [contentType]: { schema: { type: 'string' } } } }
}

export const EVENT_ID_HEADER = {
  'Event-Id': {
    type: 'string',
    description:
      'The id of the event, percent-encoded where it has characters that a header cannot carry. The same for a repeated Idempotency-Key.',
  },
}

/** Only where `Prefer: wait` was given, and the request did not repeat an `Idempotency-Key`. */
export const RECEIPT_HEADERS = {
  'Preference-Applied': {
    type: 'string',
    description:
      '`wait=N`, where the receipts were waited for; `wait=0` where the server stopped before that.',
  },
  Acknowledged: { type: 'integer', description: 'How many of the counted endpoints have acknowledged.' },
  Connected: {
    type: 'integer',
    description:
      'How many of the counted endpoints had a link when the event was accepted; where none had, how many came meanwhile.',
  },
  Answered: {
    type: 'string',
    description:
      'With `waitFor` "answered": the endpoint that was the first to answer, percent-encoded where it has characters that a header cannot carry. Absent: none has yet.',
  },
}

export const SEND_EVENT_HEADERS = Type.Object({
  'Idempotency-Key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: ID_CHARACTERS_MAX,
      description:
        'The same key from the same caller within 10 minutes gets the first answer and sends nothing. Refusals are not remembered.',
    }),
  ),
  Prefer: Type.Optional(
    Type.String({
      description: `\`wait=N\` (RFC 7240), N from ${WAIT_SECONDS_MIN} to ${WAIT_SECONDS_MAX} seconds: hold the answer for receipts. Other preferences are ignored.`,
      examples: ['wait=3'],
    }),
  ),
})

/** What is not looked at by a schema: routes that read their parameters themselves. */
export const unchecked = () => () => true
