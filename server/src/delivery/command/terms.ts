import { INSTANT_RULE, isInstant } from '@rollcall/protocol/event'
import { COLLAPSE_KEY_CHARACTERS_MAX, TTL_SECONDS_MAX, TTL_SECONDS_MIN } from '@rollcall/protocol/limits'
import { isAbsent, type JsonObject, type Problems } from '../../parse/parse.ts'

/** On which terms an event waits, as its sender gave them. */
export type Terms = {
  /** At most one of the next two is there. */
  readonly ttlSeconds: number | undefined
  /** Whether it lies ahead is for whoever knows the time. */
  readonly expiresAtWallMs: number | undefined
  readonly collapseKey: string | undefined
}

/** The terms of an event that has none, which is nearly every one. */
const NONE: Terms = { ttlSeconds: undefined, expiresAtWallMs: undefined, collapseKey: undefined }

export function parseTerms(body: JsonObject, problems: Problems): Terms {
  const { ttlSeconds, expiresAt, collapseKey } = body
  if (isAbsent(ttlSeconds) && isAbsent(expiresAt) && isAbsent(collapseKey)) return NONE
  if (!isAbsent(ttlSeconds) && !isAbsent(expiresAt))
    problems.set('expiresAt', 'must not be given together with ttlSeconds')
  return {
    ttlSeconds: isAbsent(ttlSeconds) ? undefined : parseTtl(ttlSeconds, problems),
    expiresAtWallMs: isAbsent(expiresAt) ? undefined : parseExpiresAt(expiresAt, problems),
    collapseKey: isAbsent(collapseKey) ? undefined : parseCollapseKey(collapseKey, problems),
  }
}

function parseTtl(value: unknown, problems: Problems): number {
  if (
    typeof value === 'number' &&
    Number.isInteger(value) &&
    value >= TTL_SECONDS_MIN &&
    value <= TTL_SECONDS_MAX
  )
    return value
  problems.set('ttlSeconds', `must be an integer from ${TTL_SECONDS_MIN} to ${TTL_SECONDS_MAX}`)
  return 0
}

function parseExpiresAt(value: unknown, problems: Problems): number {
  if (isInstant(value)) return Date.parse(value)
  problems.set('expiresAt', `must be ${INSTANT_RULE}`)
  return 0
}

function parseCollapseKey(value: unknown, problems: Problems): string {
  const isKey = typeof value === 'string' && value.length > 0 && value.length <= COLLAPSE_KEY_CHARACTERS_MAX
  if (isKey && value.isWellFormed()) return value
  problems.set('collapseKey', `must be a string of 1 to ${COLLAPSE_KEY_CHARACTERS_MAX} characters`)
  return ''
}
