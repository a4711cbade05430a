import { INSTANT_RULE, isInstant } from '@rollcall/protocol/event'
import { COLLAPSE_KEY_CHARACTERS_MAX, TTL_SECONDS_MAX, TTL_SECONDS_MIN } from '@rollcall/protocol/limits'
import {
  integerFrom,
  isAbsent,
  type JsonObject,
  noted,
  type Problems,
  type Reader,
  textThat,
  valueThat,
} from '../../parse/parse.ts'

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
    ttlSeconds: noted(body, 'ttlSeconds', readTtl, problems),
    expiresAtWallMs: noted(body, 'expiresAt', readExpiresAt, problems),
    collapseKey: noted(body, 'collapseKey', readCollapseKey, problems),
  }
}

const readTtl = integerFrom(TTL_SECONDS_MIN, TTL_SECONDS_MAX)
const readInstant = valueThat(isInstant, INSTANT_RULE)
const readExpiresAt: Reader<number> = (value, path) => Date.parse(readInstant(value, path))
const readCollapseKey = textThat(
  (text) => text.length > 0 && text.length <= COLLAPSE_KEY_CHARACTERS_MAX && text.isWellFormed(),
  `a string of 1 to ${COLLAPSE_KEY_CHARACTERS_MAX} characters`,
)
