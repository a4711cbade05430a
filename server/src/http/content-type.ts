import type { IncomingHttpHeaders } from 'node:http'

// RFC 9110 §8.3.1: media-type = type "/" subtype parameters. No two neighbouring parts can match the same
// spaces, so that matching stays linear.
const JSON_TYPE =
  /^application\/json((?:[ \t]*;[ \t]*[\w!#$%&'*+.^`|~-]+=(?:[\w!#$%&'*+.^`|~-]+|"[^"\\]*"))*)(?:[ \t]*;)?[ \t]*$/i
const CHARSET = /;[ \t]*charset="?([^";]*)/gi

/**
 * Tells whether a body with these headers is JSON that can be read: the exact media type, parameters that
 * are well-formed, no charset but UTF-8 (RFC 8259 §8.1), no content coding. Looser readings let a request
 * slip past a schema (CVE-2025-32442 and others).
 */
export function isReadableJson(headers: IncomingHttpHeaders): boolean {
  const type = headers['content-type']
  if (headers['content-encoding'] !== undefined) return false
  if (type === 'application/json') return true
  const parameters = type === undefined ? undefined : JSON_TYPE.exec(type)?.[1]
  if (parameters === undefined) return false
  return [...parameters.matchAll(CHARSET)].every(([, charset]) => /^utf-?8$/i.test(charset ?? ''))
}
