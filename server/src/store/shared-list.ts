import type { UserKey } from './registrations.ts'

/**
 * A short list that everybody needs whole, at every call: each process reads it once and is told of every change from then
 * on, whoever made it. An item has one key, and one time until which it is kept. Partition: the list.
 */
export interface SharedList<Item> {
  /** Those whose time is not over, by the wall clock's earliest time. */
  list(): Promise<readonly Item[]>
  /**
   * Enters an item, in the place of one with its key: then of each time the later one counts. Durable. Refused as
   * `unavailable` where too many are kept: who adds keeps to a bound of its own, and no item makes room for another.
   */
  add(item: Item): Promise<void>
  /** Takes out those with these keys; unknown ones are ignored. Resolves once it has taken effect. Soon durable. */
  remove(keys: readonly string[]): Promise<void>
  /**
   * Has `listener` called after each change that took effect, in their order, one's own too; durable or not yet, and
   * perhaps twice. Of what only its time ends nobody is told. Whoever listens before it reads misses nothing.
   *
   * @returns ends it
   */
  onChange(listener: (change: ListChange<Item>) => void): () => void
}

export type ListChange<Item> =
  | { readonly kind: 'added'; readonly item: Item }
  | { readonly kind: 'removed'; readonly keys: readonly string[] }

/** An access token, or the tokens of a sign-in, revoked before their time (RFC 7009). Its key is `tokenKey`. */
export type RevokedToken = {
  /** `iss` and `jti` of the token, or a hash of the whole token: whatever names it to the caller. */
  readonly tokenKey: string
  /** Whose it is. Absent: a former version wrote it down, or nobody knows. */
  readonly owner?: UserKey | undefined
  /** Until when it has to be remembered. */
  readonly untilWallMs: number
}

/** A user all of whose tokens issued before a moment are refused. Its key names the user. */
export type UserRevocation = UserKey & {
  /** Tokens issued earlier are refused. */
  readonly notBeforeWallMs: number
  /** Until when it has to be remembered: no token from before can be alive then. */
  readonly untilWallMs: number
}

/** One of the service's own token-signing keys, which are few. Its key is `keyId`, and it stays until it is removed. */
export type SigningKey = {
  readonly keyId: string
  /** PKCS #8, PEM. Secret. */
  readonly privateKeyPem: string
  readonly createdAtWallMs: number
}
