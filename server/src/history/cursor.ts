import { createHash } from 'node:crypto'
import { RollcallError } from '@rollcall/protocol/error-code'
import type { HistoryQuery } from '../store/store.ts'

const NUMBER_BYTES = 8
const CHECK_BYTES = 8
/** Longest text that is looked at. */
const CURSOR_CHARACTERS_MAX = 64

/**
 * Where a listing goes on, for clients to hand back: a record's number, and a check that ties it to the
 * query. The check is no secret. It tells mistakes, such as other filters or another caller, and protects
 * nothing: what a caller may see is decided by the query alone.
 */
export function encodeCursor(recordId: number, query: HistoryQuery): string {
  const number = Buffer.alloc(NUMBER_BYTES)
  number.writeBigUInt64BE(BigInt(recordId))
  return Buffer.concat([number, checkOf(number, query)]).toString('base64url')
}

/** @throws RollcallError `invalid_request` naming `cursor`, for anything that `encodeCursor` did not make of this query */
export function decodeCursor(cursor: string, query: HistoryQuery): number {
  const bytes = cursor.length > CURSOR_CHARACTERS_MAX ? Buffer.alloc(0) : Buffer.from(cursor, 'base64url')
  const number = bytes.subarray(0, NUMBER_BYTES)
  // Compared as text too: base64url is read leniently, and every position has one cursor.
  const isOurs =
    bytes.length === NUMBER_BYTES + CHECK_BYTES &&
    bytes.toString('base64url') === cursor &&
    checkOf(number, query).equals(bytes.subarray(NUMBER_BYTES))
  const recordId = isOurs ? Number(number.readBigUInt64BE()) : Number.NaN
  if (Number.isSafeInteger(recordId)) return recordId
  throw new RollcallError('invalid_request', undefined, {
    fields: [['cursor', 'must be the nextCursor of a page with the same filters']],
  })
}

function checkOf(number: Buffer, query: HistoryQuery): Buffer {
  const { organizationId, userId, involvedUserId, userEndpointId, type, fromWallMs, toWallMs } = query
  const members = [organizationId, userId, involvedUserId, userEndpointId, type, fromWallMs, toWallMs]
  // Those that came later count where they are given, so that cursors of before stay good.
  const later = [query.outcome, query.text]
  const all = later.every((member) => member === undefined) ? members : [...members, ...later]
  const text = JSON.stringify(all.map((member) => member ?? null))
  return createHash('sha256').update(number).update(text).digest().subarray(0, CHECK_BYTES)
}
