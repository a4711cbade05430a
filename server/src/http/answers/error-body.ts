import { ERRORS, type ErrorCode, errorObject, RollcallError } from '@rollcall/protocol/error-code'
import { RateLimited } from '../../limits/limits.ts'

export const JSON_TYPE = 'application/json; charset=utf-8'

/** Seconds a caller waits before it tries again, where whoever refused did not say. */
const RETRY_AFTER_SECONDS = 1

/** An error as it is answered: an object of strings, as the contract's 400 is. */
export type ErrorAnswer = {
  readonly code: ErrorCode
  readonly status: number
  readonly retryAfterSeconds: number | undefined
  readonly body: string
}

/** `{"error": code, "message": …, "<field>": what was expected}`. */
export function errorAnswer(error: RollcallError): ErrorAnswer {
  const { status } = ERRORS[error.code]
  const mayRetry = status === 429 || status === 503
  return {
    code: error.code,
    status,
    retryAfterSeconds: mayRetry ? (error.retryAfterSeconds ?? RETRY_AFTER_SECONDS) : undefined,
    body: JSON.stringify(errorObject(error)),
  }
}

type Headers = { readonly [name: string]: string }

/** What goes with every refusal, in this order. */
export function refusalHeaders(
  { retryAfterSeconds }: Pick<ErrorAnswer, 'retryAfterSeconds'>,
  requestId: string,
): Headers {
  const headers = { 'content-type': JSON_TYPE, 'cache-control': 'no-store', 'x-request-id': requestId }
  return retryAfterSeconds === undefined ? headers : { ...headers, 'retry-after': String(retryAfterSeconds) }
}

/** Only where a limit was met: on the way of every request they would cost more than they tell. */
export function limitHeaders(thrown: unknown): Headers {
  if (!(thrown instanceof RateLimited)) return {}
  return { 'ratelimit-policy': thrown.policyHeader, ratelimit: thrown.limitHeader }
}

/** Of which event a refusal is. */
export function eventHeaders({ eventId }: RollcallError): Headers {
  return eventId === undefined ? {} : { 'event-id': eventIdHeader(eventId) }
}

/**
 * What is answered for anything that was thrown. A programmer's error becomes `internal_error`, without its
 * text; `isUnexpected` says so.
 */
export function toRollcallError(thrown: unknown): { error: RollcallError; isUnexpected: boolean } {
  if (thrown instanceof RollcallError)
    return { error: thrown, isUnexpected: thrown.code === 'internal_error' }
  const code = isExhaustion(thrown) ? 'unavailable' : codeOfStatus(statusOf(thrown))
  return { error: new RollcallError(code), isUnexpected: code === 'internal_error' }
}

/** No file descriptor was left, as for a file that was to be served: not this request's fault, and it passes. */
function isExhaustion(thrown: unknown): boolean {
  const code: unknown = thrown instanceof Error ? Reflect.get(thrown, 'code') : undefined
  return code === 'EMFILE' || code === 'ENFILE'
}

/** Status of an error that the framework threw while it read the request. */
function statusOf(thrown: unknown): unknown {
  return thrown instanceof Error ? Reflect.get(thrown, 'statusCode') : undefined
}

function codeOfStatus(status: unknown): ErrorCode {
  if (status === 413) return 'payload_too_large'
  if (status === 415) return 'unsupported_media_type'
  return typeof status === 'number' && status >= 400 && status < 500 ? 'invalid_request' : 'internal_error'
}

// Visible ASCII but `%`, so that decoding the header always gives the id.
const PLAIN = /^[\x21-\x24\x26-\x7e]+$/

/** A sender's own event id may hold anything, a line break included; a header may not (RFC 9110 §5.5). */
export function eventIdHeader(eventId: string): string {
  return PLAIN.test(eventId) ? eventId : encodeURIComponent(eventId)
}
