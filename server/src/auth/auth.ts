import type { UserKey } from '../store/store.ts'
import type { Organization } from './directory.ts'
import type { Principal } from './principal.ts'
import type { RevocationListener } from './revocation-notices.ts'

export type { Admission, Stake } from './admission.ts'
export type { AuthLog } from './auth-log.ts'
export { identityProblem } from './check-identity.ts'
export { mustShowCertificate, showsCertificate } from './client-certificate.ts'
export { type AuthOptions, createAuth, usesDemoDirectory } from './create-auth.ts'
export type { Organization, Webhook } from './directory.ts'
export { hashRandomSecret, hashSecret } from './hash-secret.ts'
export { OAuthError } from './oauth-error.ts'
export { othersMay } from './others.ts'
export {
  callerAsSender,
  isBackend,
  isPrivileged,
  mayPublishEvents,
  organizationForSending,
  organizationOfStatistics,
  organizationOfWebhooks,
  ownUser,
  readableHistory,
  userInSight,
  userToRevoke,
} from './policy.ts'
export type { Principal } from './principal.ts'
export { createRefreshFamilies, type RefreshFamilies } from './refresh-families.ts'
export { newRefreshToken, type RefreshToken } from './refresh-token.ts'
export type { IsConcerned, RevocationListener } from './revocation-notices.ts'
export { checkSending } from './send-policy.ts'
export type { TokenVisitor, Witness } from './witness.ts'

/** Who is calling, and the OAuth2 endpoints. Everything undecided is refused. */
export interface Auth {
  /**
   * The principal of a live access token (JWS compact form), ours or of a configured issuer.
   *
   * Synchronous when this very token was verified before: a signature costs 100 µs and more, a phone sends
   * the same token for an hour. Expiry, revocation and the directory (is the user still there and enabled?)
   * are judged anew at every call.
   *
   * @param beforeCheck called before a token is checked that was not verified before; what it throws is thrown
   * @throws RollcallError `unauthorized`, also for what cannot be decided; `unavailable` where too many tokens
   *   wait to be checked
   */
  authenticate(token: string, beforeCheck?: () => void): Principal | Promise<Principal>
  /**
   * The same for a token whose `exp` may have passed, at most `staleConnectSecondsMax` ago: everything else
   * is judged as by `authenticate`. `expired` says which it was.
   */
  authenticateStale(token: string): Promise<{ readonly principal: Principal; readonly expired: boolean }>
  /** Whether this token, verified before, may still be used but for its `exp`: not revoked, user not disabled or removed. */
  isStillGood(token: string): boolean
  /**
   * Ends everything that was issued to a user before: its tokens are refused from now on, its sign-ins end.
   * Resolves once that is durable and all listeners are done.
   *
   * @throws RollcallError `unavailable`
   */
  revokeUser(user: UserKey): Promise<void>
  /** Has `listener` called whenever tokens that were good may not be any more, before their time. */
  onRevoked(listener: RevocationListener): void
  /** Grows whenever that happens: what was found about a token holds as long as this stays. Cheap. */
  revocations(): number
  /** The organizations of the directory in force, by id, with their webhooks. */
  organizations(): ReadonlyMap<string, Organization>
  /** Has `listener` called whenever another directory comes into force. */
  onDirectoryReloaded(listener: () => void): void
  /** `POST /security/oauth/token`. @throws OAuthError */
  token(request: TokenRequest): Promise<TokenResponse>
  /** `POST /security/oauth/revoke` (RFC 7009). Unknown tokens are no error. @throws OAuthError */
  revoke(request: TokenRequest): Promise<void>
  /** `GET /.well-known/jwks.json` (RFC 7517). */
  jwks(): { readonly keys: readonly object[] }
  /** `GET /.well-known/oauth-authorization-server` (RFC 8414). */
  metadata(): { readonly [name: string]: unknown }
  /** Reads the directory file now, changed or not; says in the log what came of it. Nothing where there is no file. */
  reloadDirectory(): Promise<void>
  close(): Promise<void>
}

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
