import { INSTANT_RULE, isEventType, isInstant } from '@rollcall/protocol/event'
import { eventTypeFault } from '@rollcall/protocol/event-type-fault'
import { HISTORY_OUTCOMES, type HistoryOutcome } from '@rollcall/protocol/history'
import { ID_RULE, isId } from '@rollcall/protocol/id'
import {
  HISTORY_PAGE_DEFAULT,
  HISTORY_PAGE_MAX,
  HISTORY_TEXT_CHARACTERS_MAX,
} from '@rollcall/protocol/limits'
import type { HistoryFilters } from '../../history/history.ts'
import { QueryReader } from '../../parse/parse.ts'

/** What `GET /rtc-api/events` was asked. */
export type HistoryParameters = {
  readonly organizationId: string | undefined
  readonly filters: HistoryFilters
  readonly limit: number
  readonly cursor: string | undefined
}

const LIMIT = /^[1-9]\d{0,2}$/

/**
 * Reads the query string. Unknown parameters are ignored, as unknown members of bodies are.
 *
 * @throws RollcallError `invalid_request` naming each parameter that is wrong, one that is given twice included
 */
export function parseHistoryParameters(query: unknown): HistoryParameters {
  const reader = new QueryReader(query)
  const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
  const id = (name: string) => reader.take(name, isId, `must be ${ID_RULE}`)
  const filters = {
    userId: id('userId'),
    userEndpointId: id('userEndpointId'),
    type: reader.take('type', isEventType, eventTypeFault),
    outcome: reader.take('outcome', isOutcome, `must be one of ${HISTORY_OUTCOMES.join(', ')}`),
    text: reader
      .take('text', isSearched, `must be text of 1 to ${HISTORY_TEXT_CHARACTERS_MAX} characters`)
      ?.toLowerCase(),
    fromWallMs: toWallMs(reader.take('from', isInstant, `must be ${INSTANT_RULE}`)),
    toWallMs: toWallMs(reader.take('to', isInstant, `must be ${INSTANT_RULE}`)),
  }
  const limit = reader.take('limit', isLimit, `must be an integer from 1 to ${HISTORY_PAGE_MAX}`)
  const organizationId = id('organizationId')
  const cursor = reader.take('cursor', isText, 'must be the nextCursor of a page with the same filters')
  const { fromWallMs = Number.NEGATIVE_INFINITY, toWallMs: endWallMs = Number.POSITIVE_INFINITY } = filters
  if (fromWallMs >= endWallMs) reader.refuse('from', 'must be before to')
  reader.end()
  const given = Object.entries(filters).filter(([, value]) => value !== undefined)
  return {
    organizationId,
    filters: Object.fromEntries(given),
    limit: limit === undefined ? HISTORY_PAGE_DEFAULT : Number(limit),
    cursor,
  }
}

/** Reads `organizationId` alone, for one event. @throws RollcallError `invalid_request` */
export function parseOrganization(query: unknown): string | undefined {
  const reader = new QueryReader(query)
  const organizationId = reader.take('organizationId', isId, `must be ${ID_RULE}`)
  reader.end()
  return organizationId
}

function isOutcome(value: unknown): value is HistoryOutcome {
  return HISTORY_OUTCOMES.some((outcome) => outcome === value)
}

function isSearched(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && value.length <= HISTORY_TEXT_CHARACTERS_MAX
}

function isLimit(value: unknown): value is string {
  return typeof value === 'string' && LIMIT.test(value) && Number(value) <= HISTORY_PAGE_MAX
}

function toWallMs(instant: string | undefined): number | undefined {
  return instant === undefined ? undefined : Date.parse(instant)
}
