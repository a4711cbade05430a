import type { Moment, UserKey } from './registrations.ts'

/** A refresh token and all its descendants (RFC 6749 §10.4, RFC 9700 §4.14.2). */
export type RefreshFamily = {
  readonly familyId: string
  readonly clientId: string
  readonly userId: string
  /** SHA-256 of the only secret that is good now. */
  readonly currentHash: Uint8Array
  readonly scope: string
  readonly createdAtWallMs: number
  readonly expiresAtWallMs: number
  /** What the sign-in rests on, as its owner wrote it; empty in rows of earlier versions. */
  readonly basis: string
  /** How the current secret came to be; `undefined` for a family's first one. */
  readonly lastRotation: Rotation | undefined
}

/** One secret used up for the next. From the used one and the salt the next can be made again, from neither alone. */
export type Rotation = {
  /** SHA-256 of the secret that was used up. */
  readonly usedHash: Uint8Array
  readonly salt: Uint8Array
  /** Until when the used secret may be shown again, service time. */
  readonly repeatableUntilMs: number
}

/** What takes the place of a secret that is used up. */
export type Successor = {
  readonly currentHash: Uint8Array
  readonly salt: Uint8Array
  readonly repeatableUntilMs: number
  readonly expiresAtWallMs: number
  readonly basis: string
}

export type RotateOutcome =
  | { readonly kind: 'rotated'; readonly family: RefreshFamily }
  /**
   * The hash is the one that was used up last, its time to be shown again is not over, and its successor was not
   * used: nothing changes.
   */
  | { readonly kind: 'repeated'; readonly family: RefreshFamily; readonly salt: Uint8Array }
  /** The family exists but the hash is any other: the family is revoked, durably. */
  | { readonly kind: 'reused'; readonly family: RefreshFamily }
  | { readonly kind: 'unknown' }

/** Partition: the family. Expired families are unknown. */
export interface RefreshFamilyStore {
  /** Adds a family; past `familiesPerUserMax` the user's oldest live ones are dropped. Durable. */
  create(family: RefreshFamily, familiesPerUserMax: number, nowWallMs: number): Promise<void>
  find(familyId: string, nowWallMs: number): Promise<RefreshFamily | undefined>
  /**
   * Puts the successor in the place of the current secret where `presentedHash` is that one's. Whatever the outcome,
   * it is durable, a rotation that is repeated too.
   */
  rotate(
    familyId: string,
    presentedHash: Uint8Array,
    successor: Successor,
    now: Moment,
  ): Promise<RotateOutcome>
  /** Removes a family; unknown ones are ignored. Durable. */
  revoke(familyId: string): Promise<void>
  /** Removes all families of a user. Crosses partitions. Durable. */
  revokeOf(userId: string): Promise<void>
}

export type RevokedToken = {
  /** `iss` and `jti` of the token, or a hash of the whole token: whatever names it to the caller. */
  readonly tokenKey: string
  /** Whose it is. Absent: a former version wrote it down, or nobody knows. */
  readonly owner?: UserKey | undefined
  /** Until when it has to be remembered. */
  readonly untilWallMs: number
}

/**
 * Access tokens revoked before their time (RFC 7009). Small: read whole at start. Bounded by its user, `auth`; at twice
 * that bound adding is refused.
 */
export interface RevokedTokenStore {
  /** Durable. */
  add(token: RevokedToken): Promise<void>
  /** For those that need not be remembered any more; unknown ones are ignored. Soon durable. */
  remove(tokenKeys: readonly string[]): void
  /** Those whose `untilWallMs` lies ahead. */
  list(nowWallMs: number): Promise<readonly RevokedToken[]>
}

/** A user all of whose tokens issued before a moment are refused. */
export type UserRevocation = UserKey & {
  /** Tokens issued earlier are refused. */
  readonly notBeforeWallMs: number
  /** Until when it has to be remembered: no token from before can be alive then. */
  readonly untilWallMs: number
}

/** Users whose tokens were revoked. Small: read whole at start. Bounded as revoked tokens are. */
export interface RevokedUserStore {
  /** Of two about one user the later times count. Durable. */
  add(revocation: UserRevocation): Promise<void>
  /** Those whose `untilWallMs` lies ahead. */
  list(nowWallMs: number): Promise<readonly UserRevocation[]>
}

export type SigningKey = {
  readonly keyId: string
  /** PKCS #8, PEM. Secret. */
  readonly privateKeyPem: string
  readonly createdAtWallMs: number
}

/** The server's own token-signing keys, few. */
export interface SigningKeyStore {
  /** Newest first. */
  list(): Promise<readonly SigningKey[]>
  /** Durable. */
  add(key: SigningKey): Promise<void>
  /** Durable. */
  remove(keyId: string): Promise<void>
}
