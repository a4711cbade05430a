import { RollcallError } from '@rollcall/protocol/error-code'
import { DEAD_LETTERS_MAX, DEAD_LETTERS_PAGE_DEFAULT, DEAD_LETTERS_PAGE_MAX } from '@rollcall/protocol/limits'

const LIMIT = /^[1-9]\d{0,3}$/
const CURSOR = /^[1-9]\d{0,15}$/

/**
 * Reads which page of dead letters is wanted.
 *
 * @returns `after`: where the page before it ended, 0 for the first
 * @throws RollcallError `invalid_request` naming each parameter that is wrong
 */
export function parseDeadLetterPage(query: unknown): { readonly after: number; readonly max: number } {
  const given = membersOf(query)
  const limit = given.get('limit') ?? String(DEAD_LETTERS_PAGE_DEFAULT)
  const cursor = given.get('cursor') ?? undefined
  const fields: [string, string][] = []
  const isLimit = typeof limit === 'string' && LIMIT.test(limit) && Number(limit) <= DEAD_LETTERS_PAGE_MAX
  if (!isLimit) fields.push(['limit', `must be an integer from 1 to ${DEAD_LETTERS_PAGE_MAX}`])
  if (cursor !== undefined && !(typeof cursor === 'string' && CURSOR.test(cursor)))
    fields.push(['cursor', 'must be the nextCursor of a page'])
  if (fields.length > 0) throw new RollcallError('invalid_request', undefined, { fields })
  return { after: Number(cursor ?? 0), max: Number(limit) }
}

/**
 * Reads which dead letters are meant: the ids of their events; `undefined`, also without a body: all.
 *
 * @throws RollcallError `invalid_request`
 */
export function parseDeadLetterIds(body: unknown): readonly string[] | undefined {
  if (body !== undefined && body !== null && (typeof body !== 'object' || Array.isArray(body)))
    throw new RollcallError('invalid_request', 'The body must be a JSON object.')
  const ids = membersOf(body).get('ids') ?? undefined
  if (ids === undefined) return undefined
  if (Array.isArray(ids) && ids.length <= DEAD_LETTERS_MAX && ids.every((id) => typeof id === 'string'))
    return ids
  const fields: [string, string][] = [['ids', `must be an array of at most ${DEAD_LETTERS_MAX} strings`]]
  throw new RollcallError('invalid_request', undefined, { fields })
}

function membersOf(value: unknown): ReadonlyMap<string, unknown> {
  return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : [])
}
