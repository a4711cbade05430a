import type { HistoryQuery, HistoryRecord, HistoryStore } from '../store/store.ts'
import { decodeCursor, encodeCursor } from './cursor.ts'

export { pageJson, recordJson } from './record-json.ts'

/** Whose records a caller may read; `auth/policy.ts` says it. Every member that is given must match. */
export type HistoryScope = Pick<HistoryQuery, 'organizationId' | 'involvedUserId'>

/** What a caller asks for within its scope. */
export type HistoryFilters = Pick<
  HistoryQuery,
  'userId' | 'userEndpointId' | 'type' | 'fromWallMs' | 'toWallMs'
>

/** Accepted events and what became of them, for those who may know. */
export interface History {
  /** The newest record with this event id in the scope. @throws RollcallError `unavailable` */
  find(scope: HistoryScope, eventId: string): Promise<HistoryRecord | undefined>
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
}

export function createHistory({ store }: { readonly store: { readonly history: HistoryStore } }): History {
  return {
    find: (scope, eventId) => store.history.find(eventId, scope),
    async list(scope, filters, max, cursor) {
      const query = { ...filters, ...scope }
      const before = cursor === undefined ? undefined : decodeCursor(cursor, query)
      const { records, next } = await store.history.list(query, before, max)
      return { records, nextCursor: next === undefined ? undefined : encodeCursor(next, query) }
    },
  }
}
