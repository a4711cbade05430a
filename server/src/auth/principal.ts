/** Who a token speaks for. */
export type Principal = {
  /** `null` only for a caller with role SERVICE, which belongs to no organization. */
  readonly organizationId: string | null
  /** The user, or for a client-credentials token the client's id. */
  readonly userId: string
  readonly clientId: string
  /**
   * Whether this server gave its token to a client for itself (client credentials), as backends have it. Never true
   * for a token of a foreign issuer, whatever names it bears.
   */
  readonly isClient: boolean
  readonly authorities: readonly string[]
  /** Whether it holds the authority `SERVICE` or `ROLE_SERVICE`. */
  readonly isService: boolean
  /** The token's `exp`, wall-clock milliseconds. */
  readonly expiresAtWallMs: number
}
