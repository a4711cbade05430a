/** A refresh token and all its descendants (RFC 6749 §10.4, RFC 9700 §4.14.2). */
export type RefreshFamily = {
  readonly familyId: string
  readonly clientId: string
  readonly userId: string
  /** Whose the user is; empty in rows of earlier versions, until the family is rotated, and of users without one. */
  readonly organizationId: string
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
  /** How long the secret that is used up may be shown again, milliseconds of service time. */
  readonly repeatableMs: number
  readonly expiresAtWallMs: number
  readonly basis: string
  readonly organizationId: string
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

/** Partition: the family. Those that are over by the wall clock's earliest time are unknown. */
export interface RefreshFamilyStore {
  /**
   * Adds a family; past `familiesPerUserMax` the user's oldest live ones are dropped, past `refreshFamiliesMax` the oldest of the
   * organization that has the most. Durable.
   */
  create(family: RefreshFamily, familiesPerUserMax: number): Promise<void>
  find(familyId: string): Promise<RefreshFamily | undefined>
  /**
   * Puts the successor in the place of the current secret where `presentedHash` is that one's. Whatever the outcome,
   * it is durable, a rotation that is repeated too.
   */
  rotate(familyId: string, presentedHash: Uint8Array, successor: Successor): Promise<RotateOutcome>
  /** Removes a family; unknown ones are ignored. Durable. */
  revoke(familyId: string): Promise<void>
  /** Removes all families of a user. Crosses partitions. Durable. */
  revokeOf(userId: string): Promise<void>
}
