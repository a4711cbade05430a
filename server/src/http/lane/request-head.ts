import { ID_CHARACTERS_MAX } from '@rollcall/protocol/limits'
import { CLEAN_ID } from '../plugins/request-log.ts'

/** The operations that have a lane of their own, by what the first line of their requests is, to the letter. */
const OPERATIONS = {
  'POST /rtc-api/users/endpoints/sendEvent HTTP/1.1': 'sendEvent',
  'POST /rtc-api/users/endpoints/sendEvents HTTP/1.1': 'sendEvents',
  'POST /rtc-api/users/endpoints/keepalive HTTP/1.1': 'keepalive',
  'POST /rtc-api/users/endpoints/register HTTP/1.1': 'register',
  'POST /rtc-api/users/endpoints HTTP/1.1': 'create',
} as const

export type LaneOperation = (typeof OPERATIONS)[keyof typeof OPERATIONS]

const BY_FIRST_LINE: ReadonlyMap<string, LaneOperation> = new Map(Object.entries(OPERATIONS))
/** What all of them begin with. */
export const FIRST_BYTES = 'POST /rtc-api/users/endpoints'

/** Bytes of a head, and of a body. What is longer takes the other way. */
export const HEAD_BYTES_MAX = 8_192
const BODY_BYTES_MAX = 32_768
/** A bulk request is read in slices: what it takes is counted while it is here. */
const BULK_BYTES_MAX = 131_072

/** What there is to know of a request from its first line and its headers. */
export type LaneHead = {
  readonly operation: LaneOperation
  readonly host: string
  readonly token: string
  readonly idempotencyKey: string | undefined
  readonly requestId: string | undefined
  readonly forwardedFor: string | undefined
  readonly bodyBytesMax: number
  /** Where the digits of the content length stand. */
  readonly lengthAt: number
  readonly lengthDigits: number
}

/** Headers whose value matters. */
type Weighed = {
  host?: string
  authorization?: string
  connection?: string
  'content-type'?: string
  'content-length'?: string
  'idempotency-key'?: string
  'x-forwarded-for'?: string
  'x-request-id'?: string
}

const WEIGHED: ReadonlySet<string> = new Set([
  'host',
  'authorization',
  'connection',
  'content-type',
  'content-length',
  'idempotency-key',
  'x-forwarded-for',
  'x-request-id',
])
/** Those that change nothing here, whatever they say: clients and proxies send them with every request. */
export const UNHEEDED: ReadonlySet<string> = new Set([
  'accept',
  'accept-charset',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'forwarded',
  'pragma',
  'traceparent',
  'tracestate',
  'user-agent',
  'via',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-real-ip',
])

// One space or none, and a value of visible characters that no space begins or ends: every other form that
// RFC 9112 §5 allows, or that some server lets pass, is for a parser that knows them all.
const LINE = /^([A-Za-z-]{1,32}): ?([!-~](?:[ -~]*[!-~])?)$/
const LENGTH = /^[1-9][0-9]{0,5}$/
const BEARER = /^Bearer ([\w.~+/=-]+)$/
const JSON_TYPE = /^application\/json(?:; ?charset=utf-8)?$/i
const KEEP_ALIVE = /^keep-alive$/i

/** A header's name in lower case, and its value; the name is empty where the line has another form. */
export function readLine(line: string): readonly [name: string, value: string] {
  const [, name = '', value = ''] = LINE.exec(line) ?? []
  return [name.toLowerCase(), value]
}

/**
 * Reads the head of a request, all that comes before the empty line. `undefined`: it is not of the one form that is
 * known here to the letter. Whoever cannot be sure does not guess: two parsers that differ in what they take for the
 * end of a request are how requests are smuggled (RFC 9112 §11.2).
 */
export function readHead(text: string): LaneHead | undefined {
  const [first = '', ...lines] = text.split('\r\n')
  const operation = BY_FIRST_LINE.get(first)
  if (operation === undefined) return undefined
  const weighed: Weighed = {}
  const seen = new Set<string>()
  let lengthAt = 0
  let end = first.length
  for (const line of lines) {
    const [name, value] = readLine(line)
    end += 2 + line.length
    if (seen.has(name)) return undefined
    seen.add(name)
    if (isWeighed(name)) weighed[name] = value
    else if (!UNHEEDED.has(name)) return undefined
    if (name === 'content-length') lengthAt = end - value.length
  }
  return judge(operation, weighed, lengthAt)
}

function judge(operation: LaneOperation, weighed: Weighed, lengthAt: number): LaneHead | undefined {
  const {
    host,
    authorization = '',
    connection = 'keep-alive',
    'content-type': type = '',
    'content-length': length = '',
    'idempotency-key': idempotencyKey,
    'x-forwarded-for': forwardedFor,
    'x-request-id': requestId,
  } = weighed
  const bodyBytesMax = operation === 'sendEvents' ? BULK_BYTES_MAX : BODY_BYTES_MAX
  const token = BEARER.exec(authorization)?.[1]
  if (host === undefined || token === undefined || !KEEP_ALIVE.test(connection)) return undefined
  if (!JSON_TYPE.test(type) || !LENGTH.test(length) || Number(length) > bodyBytesMax) return undefined
  if (idempotencyKey !== undefined && idempotencyKey.length > ID_CHARACTERS_MAX) return undefined
  if (requestId !== undefined && !CLEAN_ID.test(requestId)) return undefined
  return {
    operation,
    host,
    token,
    idempotencyKey,
    requestId,
    forwardedFor,
    bodyBytesMax,
    lengthAt,
    lengthDigits: length.length,
  }
}

function isWeighed(name: string): name is keyof Weighed {
  return WEIGHED.has(name)
}
