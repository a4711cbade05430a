import { DEAD_LETTERS_MAX } from '@rollcall/protocol/limits'
import type { FeedBounds } from './feed.ts'
import { SHARE_PERCENTS, type SharePercents } from './shares.ts'

/** How much each small table keeps; the same in every engine. */

/** How much of the small books is kept that everybody writes in. Configuration keys of the same names. */
export type BookBounds = SharePercents &
  AuditBounds & {
    /** Replies remembered for idempotency keys. Past it the oldest of whoever has the most are forgotten. */
    readonly idempotencyKeysMax: number
    /** Revocations of tokens, and as many of users. Forgetting one would let it in: whoever adds them keeps to it. */
    readonly revocationsMax: number
    /** Refresh families in all. Past it the oldest of the organization that has the most are forgotten. */
    readonly refreshFamiliesMax: number
    /** Users of whom it is known when they were last seen. Past it the longest untouched of the same are forgotten. */
    readonly lastSeenUsersMax: number
  }

/** How much of the audit log is kept. Configuration keys of the same names. */
export type AuditBounds = Pick<SharePercents, 'organizationSharePercent'> & {
  readonly auditLinesMax: number
  /** By the wall clock's earliest time. */
  readonly auditDays: number
}

/** How long whoever claimed an idempotency key is left alone with it, service time, milliseconds. */
export const CLAIM_LEASE_MS = 15_000

/** What came of appends under a key, kept until the caller has it; past either the oldest are forgotten. Service time. */
export const TOKENS_MAX = 100_000
export const TOKENS_MS = 600_000

/** How far past `revocationsMax` the store lets whoever adds them go, while what they replace is being forgotten. */
export const REVOCATIONS_SLACK = 2

export const BOOK_BOUNDS: BookBounds = {
  ...SHARE_PERCENTS,
  idempotencyKeysMax: 1_000_000,
  revocationsMax: 200_000,
  refreshFamiliesMax: 1_000_000,
  lastSeenUsersMax: 1_000_000,
  auditLinesMax: 100_000,
  auditDays: 90,
}

/** Events that can be answered, in all. Past it the oldest cannot be answered any more. */
export const CALLS_MAX = 200_000

/** The same of one user, and what their cancelling events take, bytes. */
export const CALLS_PER_USER_MAX = 1_000
export const CALLS_PER_USER_BYTES_MAX = 4 * 1024 ** 2

/** Age at which it is forgotten when a user was last seen, milliseconds: 90 days. */
export const LAST_SEEN_MS = 90 * 86_400_000

/** How long and how much the history keeps. Whichever ends first; the oldest records go. */
export type HistoryBounds = {
  /** Age at which a record is no longer seen, and soon after gone; wall clock. */
  readonly ageMsMax: number
  /**
   * What records, their index and their outcomes may take, bytes, as the engine counts them. Past it the oldest of the
   * organization go that has the most.
   */
  readonly bytesMax: number
  /** At 100 the oldest of all go. Configuration key of the same name. */
  readonly organizationSharePercent: number
}

/** The defaults of `historyDays` and `historyBytesMax`. */
export const HISTORY_BOUNDS: HistoryBounds = {
  ageMsMax: 7 * 86_400_000,
  bytesMax: 1024 ** 3,
  organizationSharePercent: SHARE_PERCENTS.organizationSharePercent,
}

/** What an entry takes beside its payload, about, where bytes on disk are counted. */
export const ENTRY_BYTES = 128

/** How long an entry whose time is over but that is in flight is left alone before it is looked at again, milliseconds. */
export const SPARED_FOR_MS = 5_000

/** How much the feed of changes keeps. Past each the oldest entries go, and are counted. */
export const FEED_BOUNDS: FeedBounds = {
  organizationEntriesMax: 100_000,
  organizationBytesMax: 32 * 1024 ** 2,
  entriesMax: 1_000_000,
  deadLettersMax: DEAD_LETTERS_MAX,
}

/** What the feed keeps where so many entries are configured; bytes go with them. */
export function feedBounds(organizationEntriesMax: number, entriesMax: number): FeedBounds {
  const share = organizationEntriesMax / FEED_BOUNDS.organizationEntriesMax
  const organizationBytesMax = Math.max(1, share) * FEED_BOUNDS.organizationBytesMax
  return { ...FEED_BOUNDS, organizationEntriesMax, organizationBytesMax, entriesMax }
}

/** Age at which a row of the charts is no longer seen, and soon after gone, milliseconds: a day, and an hour to begin it in. */
export const CHART_MS = 25 * 3_600_000

/** Rows of the charts in all. Past it the oldest go, whoever's they are. */
export const CHART_ROWS_MAX = 40_000
