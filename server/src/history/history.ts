import {
  HISTORY_BOUNDS,
  type HistoryQuery,
  type HistoryRecord,
  type HistoryStore,
  type Sender,
} from '../store/store.ts'
import { decodeCursor, encodeCursor } from './cursor.ts'
import type { HistoryScope, Reader } from './record-json.ts'

export { type HistoryScope, pageJson, type Reader, recordJson } from './record-json.ts'

/** What a caller asks for within its scope. */
export type HistoryFilters = Pick<
  HistoryQuery,
  'userId' | 'userEndpointId' | 'type' | 'outcome' | 'text' | 'fromWallMs' | 'toWallMs'
>

/** Accepted events and what became of them, for those who may know. */
export interface History {
  /**
   * The record with this event id that the reader means: the newest that it sent itself; else the newest that a backend
   * or role SERVICE sent; else the newest. Whoever learns an id can send something under it, and puts nothing in the
   * way of those who are trusted more. @throws RollcallError `unavailable`
   */
  find(reader: Reader, eventId: string): Promise<HistoryRecord | undefined>
  /**
   * A page of at most `max` records, newest first. `nextCursor`, where there is one, gets the next page, also
   * when this one is empty: a call looks at a bounded number of records.
   *
   * @param cursor the `nextCursor` of a page with the same scope and filters
   * @throws RollcallError `invalid_request` for any other cursor; `unavailable`
   */
  list(
    scope: HistoryScope,
    filters: HistoryFilters,
    max: number,
    cursor?: string,
  ): Promise<{ readonly records: readonly HistoryRecord[]; readonly nextCursor: string | undefined }>
  /**
   * What an organization's history takes, and the most that it may as long as others have what they have; `null`: of all
   * together. Bytes, about.
   */
  held(organizationId: string | null): Promise<{ readonly used: number; readonly max: number }>
}

/** @param bytesMax what the store keeps of it in all */
export function createHistory({
  store,
  bytesMax = HISTORY_BOUNDS.bytesMax,
}: {
  readonly store: { readonly history: HistoryStore }
  readonly bytesMax?: number
}): History {
  return {
    async held(organizationId) {
      const all = await store.history.bytes()
      const used = organizationId === null ? all : await store.history.bytes(organizationId)
      return { used, max: Math.max(used, bytesMax - all + used) }
    },
    find: ({ caller, scope }, eventId) => findMeant(store.history, caller, scope, eventId),
    async list(scope, filters, max, cursor) {
      const query = { ...filters, ...scope }
      const before = cursor === undefined ? undefined : decodeCursor(cursor, query)
      const { records, next } = await store.history.list(query, before, max)
      return { records, nextCursor: next === undefined ? undefined : encodeCursor(next, query) }
    },
  }
}

/** Nearly always the first look is the last: an id is used once. */
async function findMeant(
  history: HistoryStore,
  caller: Sender,
  scope: HistoryScope,
  eventId: string,
): Promise<HistoryRecord | undefined> {
  const newest = await history.find(eventId, scope)
  if (newest === undefined || isFrom(newest, caller)) return newest
  const own = await history.find(eventId, { ...scope, sentBy: caller })
  if (own !== undefined || isFromBackend(newest)) return own ?? newest
  return (await history.find(eventId, { ...scope, isFromBackend: true })) ?? newest
}

function isFrom({ sentBy }: HistoryRecord, { kind, id }: Sender): boolean {
  return sentBy?.kind === kind && sentBy.id === id
}

function isFromBackend({ sentBy }: HistoryRecord): boolean {
  return sentBy !== undefined && sentBy.kind !== 'user'
}
