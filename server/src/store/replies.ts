import type { UserKey } from './registrations.ts'

export type IdempotencyKey = {
  /** The caller. */
  readonly owner: UserKey
  readonly key: string
  readonly expiresAtWallMs: number
}
export type Reply = { readonly eventId: string; readonly count: number }

/**
 * Replies to requests that carried an `Idempotency-Key`. Partition: the caller. Bounded: past `idempotencyKeysMax` the
 * oldest of whoever has the most goes, never one of somebody who has few (`Shares`).
 */
export interface ReplyStore {
  find(owner: UserKey, key: string, nowWallMs: number): Promise<Reply | undefined>
  /** Forgotten before their time since the store was opened, because there were too many. Cheap. */
  evicted(): number
}
