import type { UserKey } from './registrations.ts'

/**
 * When users were last heard of: the latest `lastKeepAliveAtWallMs` among their registrations, those that have
 * ended included. For that the engine itself notes it when a registration ends, however that is. Bounded by
 * `lastSeenUsersMax` users, the longest untouched of the organization that has the most go first, and by `LAST_SEEN_MS`.
 * Soon durable.
 */
export interface LastSeenStore {
  /** `undefined`: the user never registered, or that is too long ago. */
  find(user: UserKey): Promise<number | undefined>
}
