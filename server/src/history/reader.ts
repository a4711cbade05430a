import type { HistoryQuery, Sender } from '../store/store.ts'

/** Whose records a caller may read; `auth/policy.ts` says it. Every member that is given must match. */
export type HistoryScope = Pick<HistoryQuery, 'organizationId' | 'involvedUserId'>

/** Who reads, as the history would name it if it had sent something, and what it may read. */
export type Reader = { readonly caller: Sender; readonly scope: HistoryScope }
