import { RollcallError } from '@rollcall/protocol/error-code'
import { DEAD_LETTERS_MAX, DEAD_LETTERS_PAGE_DEFAULT, DEAD_LETTERS_PAGE_MAX } from '@rollcall/protocol/limits'
import { isAbsent, objectIn, QueryReader } from '../../parse/parse.ts'

const LIMIT = /^[1-9]\d{0,3}$/
const CURSOR = /^[1-9]\d{0,15}$/

/**
 * Reads which page of dead letters is wanted.
 *
 * @returns `after`: where the page before it ended, 0 for the first
 * @throws RollcallError `invalid_request` naming each parameter that is wrong
 */
export function parseDeadLetterPage(query: unknown): { readonly after: number; readonly max: number } {
  const reader = new QueryReader(query)
  const limit = reader.take('limit', isLimit, `must be an integer from 1 to ${DEAD_LETTERS_PAGE_MAX}`)
  const cursor = reader.take('cursor', isCursor, 'must be the nextCursor of a page')
  reader.end()
  return { after: Number(cursor ?? 0), max: Number(limit ?? DEAD_LETTERS_PAGE_DEFAULT) }
}

function isLimit(value: unknown): value is string {
  return typeof value === 'string' && LIMIT.test(value) && Number(value) <= DEAD_LETTERS_PAGE_MAX
}

function isCursor(value: unknown): value is string {
  return typeof value === 'string' && CURSOR.test(value)
}

/**
 * Reads which dead letters are meant: the ids of their events; `undefined`, also without a body: all.
 *
 * @throws RollcallError `invalid_request`
 */
export function parseDeadLetterIds(body: unknown): readonly string[] | undefined {
  if (isAbsent(body)) return undefined
  const { ids } = objectIn(body)
  if (isAbsent(ids)) return undefined
  if (isListOfTexts(ids)) return ids
  const problem = `must be an array of at most ${DEAD_LETTERS_MAX} strings`
  throw new RollcallError('invalid_request', undefined, { fields: [['ids', problem]] })
}

function isListOfTexts(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) && value.length <= DEAD_LETTERS_MAX && value.every((id) => typeof id === 'string')
  )
}
