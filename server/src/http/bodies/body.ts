import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyRequest } from 'fastify'

// RFC 9110 §8.3.1: media-type = type "/" subtype parameters. No two neighbouring parts can match the same
// spaces, so that matching stays linear.
const TYPES =
  /^application\/(json|x-ndjson)((?:[ \t]*;[ \t]*[\w!#$%&'*+.^`|~-]+=(?:[\w!#$%&'*+.^`|~-]+|"[^"\\]*"))*)(?:[ \t]*;)?[ \t]*$/i
const CHARSET = /;[ \t]*charset="?([^";]*)/gi

/**
 * Tells whether a body with these headers is JSON that can be read: the exact media type, parameters that
 * are well-formed, no charset but UTF-8 (RFC 8259 §8.1), no content coding but `identity`, which is none. Looser readings let a request
 * slip past a schema (CVE-2025-32442 and others).
 */
export function isReadableJson(headers: IncomingHttpHeaders): boolean {
  return readableType(headers) === 'json'
}

/** The same for lines of JSON. */
export function isReadableLines(headers: IncomingHttpHeaders): boolean {
  return readableType(headers) === 'x-ndjson'
}

function readableType(headers: IncomingHttpHeaders): string | undefined {
  const { 'content-type': type, 'content-encoding': coding } = headers
  if (type === undefined || (coding !== undefined && !/^identity$/i.test(coding))) return undefined
  if (type === 'application/json') return 'json'
  const [, name, parameters = ''] = TYPES.exec(type) ?? []
  const isUtf8 = [...parameters.matchAll(CHARSET)].every(([, charset]) => /^utf-?8$/i.test(charset ?? ''))
  return isUtf8 ? name?.toLowerCase() : undefined
}

/** The bytes of a body in a scope where bodies are raw. No body at all is an empty one, which is no JSON. */
export function rawBody({ body }: FastifyRequest): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0)
}
