import { createHash } from 'node:crypto'
import { RollcallError } from '@rollcall/protocol/error-code'
import { ID_RULE, isId } from '@rollcall/protocol/id'
import { LIST_PAGE_DEFAULT, LIST_PAGE_MAX } from '@rollcall/protocol/limits'
import { QueryReader } from '../../parse/parse.ts'

/** Which page of a list by id is wanted. */
export type ListParameters = {
  readonly organizationId: string | undefined
  /** What ids begin with; empty: anything. */
  readonly prefix: string
  readonly connected: boolean | undefined
  readonly registered: boolean | undefined
  readonly limit: number
  readonly cursor: string | undefined
}

const LIMIT = /^[1-9]\d{0,3}$/
const CHECK_BYTES = 8
/** Of a check and an id in UTF-8; longer ones are none of ours. */
const CURSOR_CHARACTERS_MAX = 600
const CURSOR_RULE = 'must be the nextCursor of a page with the same filters'

/**
 * Reads the query string of a list by id. Unknown parameters are ignored.
 *
 * @throws RollcallError `invalid_request` naming each parameter that is wrong, one that is given twice included
 */
export function parseListParameters(query: unknown): ListParameters {
  const reader = new QueryReader(query)
  const organizationId = reader.take('organizationId', isId, `must be ${ID_RULE}`)
  const prefix = reader.take('prefix', isBeginning, `must be the beginning of an id: ${ID_RULE}`)
  const connected = reader.take('connected', isFlag, 'must be true or false')
  const registered = reader.take('registered', isFlag, 'must be true or false')
  const limit = reader.take('limit', isLimit, `must be an integer from 1 to ${LIST_PAGE_MAX}`)
  const cursor = reader.take('cursor', isText, CURSOR_RULE)
  reader.end()
  return {
    organizationId,
    prefix: prefix ?? '',
    connected: connected === undefined ? undefined : connected === 'true',
    registered: registered === undefined ? undefined : registered === 'true',
    limit: limit === undefined ? LIST_PAGE_DEFAULT : Number(limit),
    cursor,
  }
}

/** What a page is of: a cursor of one page is none of another's. */
export type ListOf = readonly (string | boolean | undefined)[]

/**
 * Where a list goes on, for clients to hand back: an id, and a check that ties it to the query. The check is no secret:
 * it tells mistakes, and protects nothing. What a caller may see is decided by the query alone.
 */
export function encodeListCursor(after: string, list: ListOf): string {
  return Buffer.concat([checkOf(after, list), Buffer.from(after)]).toString('base64url')
}

/** The id that the page before ended with; empty without a cursor. @throws RollcallError `invalid_request` naming `cursor` */
export function decodeListCursor(cursor: string | undefined, list: ListOf): string {
  if (cursor === undefined) return ''
  const bytes = cursor.length > CURSOR_CHARACTERS_MAX ? Buffer.alloc(0) : Buffer.from(cursor, 'base64url')
  const after = bytes.subarray(CHECK_BYTES).toString()
  // Made anew, because base64url and UTF-8 are read leniently, and every place has one cursor.
  if (isId(after) && encodeListCursor(after, list) === cursor) return after
  throw new RollcallError('invalid_request', undefined, { fields: [['cursor', CURSOR_RULE]] })
}

function checkOf(after: string, list: ListOf): Buffer {
  const text = JSON.stringify([after, ...list.map((member) => member ?? null)])
  return createHash('sha256').update(text).digest().subarray(0, CHECK_BYTES)
}

function isBeginning(value: unknown): value is string {
  return value === '' || isId(value)
}

function isFlag(value: unknown): value is 'true' | 'false' {
  return value === 'true' || value === 'false'
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isLimit(value: unknown): value is string {
  return typeof value === 'string' && LIMIT.test(value) && Number(value) <= LIST_PAGE_MAX
}
