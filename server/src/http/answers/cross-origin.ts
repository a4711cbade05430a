import type { IncomingHttpHeaders, OutgoingHttpHeader, OutgoingHttpHeaders } from 'node:http'
import type { AllowedOrigins } from '../../config/config.ts'
import { NosniffResponse } from './nosniff.ts'

/** Seconds a browser may remember a preflight. */
const PREFLIGHT_SECONDS = 600
const METHODS = ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'].join(', ')
const TAKEN = [
  'Authorization',
  'Content-Type',
  'Idempotency-Key',
  'If-Match',
  'Last-Event-ID',
  'Prefer',
  'X-Request-Id',
].join(', ')
const EXPOSED = [
  'Acknowledged',
  'Allow',
  'Answered',
  'Connected',
  'ETag',
  'Event-Id',
  'Location',
  'Preference-Applied',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'WWW-Authenticate',
  'X-Request-Id',
].join(', ')

type Lines = { readonly [name: string]: string }
const NONE: Lines = {}

/**
 * What lets the page of an origin read an answer (Fetch, "CORS protocol"), whatever the answer is: a refusal that its
 * page cannot read is a network error to it. Credentials are never allowed: callers bring a bearer token, which no
 * browser adds by itself.
 *
 * @param origin the request's, as far as one is known
 */
export function originHeaders(allowed: AllowedOrigins, origin: string | undefined): Lines {
  if (allowed.patterns.length === 0) return NONE
  const exposed = { 'access-control-expose-headers': EXPOSED }
  if (allowed.isEverybody) return { 'access-control-allow-origin': '*', ...exposed }
  if (origin === undefined || !allowed.has(origin)) return { vary: 'Origin' }
  return { 'access-control-allow-origin': origin, ...exposed, vary: 'Origin' }
}

/** The rest of the answer to a preflight. */
export const PREFLIGHT_HEADERS: Lines = {
  'access-control-allow-methods': METHODS,
  'access-control-allow-headers': TAKEN,
  'access-control-max-age': String(PREFLIGHT_SECONDS),
}

/** Whether a browser asks what it may ask. Any other OPTIONS is answered like every method that a path does not have. */
export function isPreflight(method: string | undefined, headers: IncomingHttpHeaders): boolean {
  return (
    method === 'OPTIONS' &&
    headers.origin !== undefined &&
    headers['access-control-request-method'] !== undefined
  )
}

type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[]

/**
 * Answers that pages of these origins may read. Not in a hook, because some answers never come by one: to a URL that
 * cannot be decoded, to what Node itself refuses. Costs nothing where no origin is configured.
 */
export function responseFor(allowed: AllowedOrigins): typeof NosniffResponse {
  if (allowed.patterns.length === 0) return NosniffResponse
  return class extends NosniffResponse {
    override writeHead(statusCode: number, reason?: string | Headers, headers?: Headers): this {
      const lines = originHeaders(allowed, this.req.headers.origin)
      const isReason = typeof reason === 'string'
      const all = withLines(isReason ? headers : reason, lines, this.getHeader('vary'))
      return isReason ? super.writeHead(statusCode, reason, all) : super.writeHead(statusCode, all)
    }
  }
}

function withLines(headers: Headers = {}, lines: Lines, vary: OutgoingHttpHeader | undefined): Headers {
  if (Array.isArray(headers)) return [...headers, ...Object.entries(lines).flat()]
  const others = headers['vary'] ?? vary
  Object.assign(headers, lines)
  if (others !== undefined && lines['vary'] !== undefined) headers['vary'] = `${others}, ${lines['vary']}`
  return headers
}
