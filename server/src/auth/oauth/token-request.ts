/** A form-encoded request with its client credentials wherever they were: header, body or query. */
export type TokenRequest = {
  /** `Authorization` header as received. */
  readonly authorization: string | undefined
  /** The caller's IP address, for rate limits; empty where it is not known any more. */
  readonly remoteAddress: string
  /** Query and body together, in order; a name that occurs twice is an error (RFC 6749 §3.2). */
  readonly parameters: readonly (readonly [name: string, value: string])[]
}

/** RFC 6749 §5.1, and what existing clients read besides. */
export type TokenResponse = {
  readonly access_token: string
  readonly token_type: 'bearer'
  readonly expires_in: number
  readonly scope: string
  readonly jti: string
  /** The user id. */
  readonly sub: string
  readonly userId: string
  readonly organization?: string
  readonly organization_id?: string
  readonly refresh_token?: string
}
