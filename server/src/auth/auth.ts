import { TOKEN_BYTES_MAX } from '@rollcall/protocol/limits'
import type { SharedFigures } from '../observe/observe.ts'
import type { UserKey } from '../store/store.ts'
import { type AuthOptions, closeParts, openParts } from './auth-parts.ts'
import type { Organization } from './directory/directory.ts'
import { createDirectoryAdmin, type DirectoryAdmin } from './directory/directory-admin.ts'
import { directoryChanges } from './directory/directory-changes.ts'
import { ADMIT_ALL } from './oauth/admission.ts'
import { createClientAuthentication } from './oauth/client-authentication.ts'
import { createGrants } from './oauth/grants.ts'
import { LockOuts } from './oauth/lock-outs.ts'
import { serverMetadata } from './oauth/metadata.ts'
import { asOAuthError } from './oauth/oauth-error.ts'
import { createPasswordCheck } from './oauth/password-check.ts'
import { createSecretChecker } from './oauth/secret-checker.ts'
import type { TokenRequest, TokenResponse } from './oauth/token-request.ts'
import { NO_WITNESS } from './oauth/witness.ts'
import { type Oidc, openOidc } from './oidc/oidc.ts'
import { parseOidc } from './oidc/oidc-settings.ts'
import { createIsGone, type IsGone } from './revocation/gone.ts'
import { createRevocation } from './revocation/revocation.ts'
import { type RevocationListener, RevocationNotices } from './revocation/revocation-notices.ts'
import { NO_ORGANIZATION, type RevokedUsers } from './revocation/revoked-users.ts'
import { createUserRevocations } from './revocation/user-revocation.ts'
import { createAccessTokens } from './tokens/access-token.ts'
import { type Authenticator, createAuthenticator } from './tokens/authenticator.ts'
import { createRefreshFamilies } from './tokens/refresh-families.ts'
import { createVerifier } from './tokens/verifier.ts'

export type { AuthLog } from './auth-log.ts'
export type { AuthOptions } from './auth-parts.ts'
export { identityProblem } from './check-identity.ts'
export { mustShowCertificate, showsCertificate } from './client-certificate.ts'
export { demoWithRandomSecrets, type ShownSecret } from './directory/demo-directory.ts'
export type { Organization, Webhook } from './directory/directory.ts'
export type {
  DirectoryAdmin,
  EntryName,
  Scope,
  WrittenEntry,
} from './directory/directory-admin.ts'
export { ENTRY_KINDS, type EntryKind } from './directory/entry.ts'
export type { EntryView } from './directory/entry-view.ts'
export {
  addOrganizationAdministrator,
  addServiceClient,
  type NewAdministrator,
} from './directory/first-administrator.ts'
export { hashRandomSecret, hashSecret } from './directory/hash-secret.ts'
export { othersMay } from './directory/others.ts'
export type { StoredOptions } from './directory/stored-entries.ts'
export { exportDirectory, importDirectory } from './directory/transfer.ts'
export type { Admission, Stake } from './oauth/admission.ts'
export { OAuthError } from './oauth/oauth-error.ts'
export type { TokenRequest, TokenResponse } from './oauth/token-request.ts'
export type { TokenVisitor, Witness } from './oauth/witness.ts'
export {
  callerAsSender,
  directoryInSight,
  isBackend,
  isPrivileged,
  mayPublishEvents,
  organizationForSending,
  organizationInSight,
  organizationOfStatistics,
  ownUser,
  readableHistory,
  requireService,
  userInSight,
  userToRevoke,
} from './policy.ts'
export type { Principal } from './principal.ts'
export type { IsConcerned, RevocationListener } from './revocation/revocation-notices.ts'
export { checkSending } from './send-policy.ts'
export { createRefreshFamilies, type RefreshFamilies } from './tokens/refresh-families.ts'
export { newRefreshToken, type RefreshToken } from './tokens/refresh-token.ts'

/** Who is calling, and the OAuth2 endpoints. Everything undecided is refused. */
export interface Auth extends Authenticator {
  /**
   * Ends everything that was issued to a user before: its tokens are refused from now on, its sign-ins end.
   * Resolves once that is durable and all listeners are done.
   *
   * @throws RollcallError `unavailable`
   */
  revokeUser(user: UserKey): Promise<void>
  /**
   * Whether a user who was heard of then, with a good token, has been revoked, disabled or removed since: nothing of its
   * may leave for its devices by other ways than a connection. Cheap.
   */
  isGone: IsGone
  /** Has `listener` called whenever tokens that were good may not be any more, before their time. */
  onRevoked(listener: RevocationListener): void
  /** Grows whenever that happens: what was found about a token holds as long as this stays. Cheap. */
  revocations(): number
  /** The directory for those who administer it. */
  readonly directory: DirectoryAdmin
  /** The organizations of the directory in force, by id, with their webhooks. */
  organizations(): ReadonlyMap<string, Organization>
  /**
   * Whether there is an organization of this id: in the directory, or one that a foreign issuer may speak for. Where an
   * issuer speaks for every organization, each id may be one. Cheap.
   */
  mayBeOrganization(organizationId: string): boolean
  /** Ids that a foreign issuer is configured to speak for, name by name. */
  namedByIssuers(): ReadonlySet<string>
  /** Has `listener` called whenever another directory comes into force. */
  onDirectoryReloaded(listener: () => void): void
  /** `POST /security/oauth/token`. @throws OAuthError */
  token(request: TokenRequest): Promise<TokenResponse>
  /** `POST /security/oauth/revoke` (RFC 7009). Unknown tokens are no error. @throws OAuthError */
  revoke(request: TokenRequest): Promise<void>
  /** Signing in at an identity provider, for the console. */
  readonly oidc: Oidc
  /** `GET /.well-known/jwks.json` (RFC 7517). */
  jwks(): { readonly keys: readonly object[] }
  /** `GET /.well-known/oauth-authorization-server` (RFC 8414). */
  metadata(): { readonly [name: string]: unknown }
  /** What waits to be checked, by the names that metrics have. */
  queues(): ReadonlyMap<'signatureChecks' | 'secretChecks', SharedFigures>
  /** Reads the directory file now, changed or not; says in the log what came of it. Nothing where there is no file. */
  reloadDirectory(): Promise<void>
  close(): Promise<void>
}

/**
 * Opens directory, keys and lists, and starts what keeps them fresh.
 *
 * @throws Error naming what is wrong: `foreignIssuers: …`, `openIdConnect: …`, or the directory file and the path in it
 */
export async function createAuth(options: AuthOptions): Promise<Auth> {
  const { clock, random, log, issuer, accessTokenTtlSeconds, staleConnectSecondsMax } = options
  const provider = parseOidc(options.openIdConnect, options.openIdConnectClientSecret)
  const tokenBytesMax = options.tokenBytesMax ?? TOKEN_BYTES_MAX
  const verifier = createVerifier(
    (iss) => (iss === issuer() ? accessTokens : foreign.issuerOf(iss)),
    tokenBytesMax,
    clock,
  )
  const notices = new RevocationNotices()
  const opened = await openParts(options, verifier, notices)
  const { directory, stored, revoked, revokedUsers, keys, foreign } = opened
  const common = { directory, revoked, revokedUsers, notices, clock, log }
  const accessTokens = createAccessTokens({
    ...{ keys, clock, random, issuer, ttlSeconds: accessTokenTtlSeconds },
    notBeforeWallMs: (subject) => notBeforeWallMs(revokedUsers, subject),
  })
  const { nodes } = options.cluster
  const isUpToDate = () => nodes.isMember()
  const judged = { verifier, staleConnectSecondsMax, isUpToDate, provider }
  const authenticator = createAuthenticator({ ...common, ...judged })
  const families = createRefreshFamilies({
    ...{ ...common, random, store: options.store },
    notBeforeWallMs: ({ userId, clientId }) => {
      const organizationId = directory.current().users.get(userId)?.organizationId ?? null
      return notBeforeWallMs(revokedUsers, { organizationId, userId, clientId })
    },
    ownerOf(userId) {
      const user = directory.current().users.get(userId)
      return user && { organizationId: user.organizationId ?? NO_ORGANIZATION, userId }
    },
    ttlSeconds: options.refreshTokenTtlSeconds,
    familiesPerUserMax: options.refreshFamiliesPerUserMax,
    tokenUseSecondsMax: accessTokenTtlSeconds + staleConnectSecondsMax,
  })
  const secrets = createSecretChecker()
  const authenticateClient = createClientAuthentication(directory, secrets)
  const checkPassword = createPasswordCheck(directory, secrets)
  const admission = options.admission ?? ADMIT_ALL
  const witness = options.witness ?? NO_WITNESS
  const asked = { admission, witness, directory, families, accessTokens, authenticateClient }
  const lockOuts = new LockOuts({ ...common, admission, witness })
  const grant = createGrants({ ...asked, lockOuts, checkPassword, random, accessTokenTtlSeconds })
  const { wall } = options.store.serviceTime
  const revoking = { ...common, ...asked, wall, issuer }
  const revocations = { ...revoking, staleConnectSecondsMax, tokenBytesMax }
  const revoke = createRevocation(revocations)
  const users = createUserRevocations({ ...common, families: options.store.refreshFamilies })
  directory.onReloaded((before, now) => users.takeUp(directoryChanges(before, now)))
  return {
    ...authenticator,
    directory: createDirectoryAdmin(directory, stored, random),
    token: (request) => asOAuthError(grant(request)),
    revoke: (request) => asOAuthError(revoke(request)),
    oidc: openOidc(provider, { ...asked, clock, log, issuer, accessTokenTtlSeconds, revocations }),
    revokeUser: (user) => users.revoke(user),
    isGone: createIsGone({ directory, foreign, revokedUsers }),
    onRevoked: (listener) => notices.listen(listener),
    revocations: () => notices.count,
    organizations: () => directory.current().organizations,
    mayBeOrganization: (id) => directory.current().organizations.has(id) || foreign.speaksFor(id),
    namedByIssuers: () => foreign.organizations,
    onDirectoryReloaded: (listener) => directory.onReloaded(listener),
    queues: () =>
      new Map([
        ['signatureChecks', verifier.figures()],
        ['secretChecks', secrets.figures()],
      ]),
    reloadDirectory: () => directory.reload(),
    jwks: () => keys.jwks(),
    metadata: () => serverMetadata(issuer()),
    close: () => closeParts(opened),
  }
}

/** The moment from which on what was issued to a user by a client is good. */
function notBeforeWallMs(
  revokedUsers: RevokedUsers,
  of: { readonly organizationId: string | null; readonly userId: string; readonly clientId: string },
): number {
  return Math.max(revokedUsers.notBeforeWallMs(of), revokedUsers.clientNotBeforeWallMs(of.clientId))
}
