import { RollcallError } from '@rollcall/protocol/error-code'
import { TOKEN_BYTES_MAX } from '@rollcall/protocol/limits'
import type { Clock, Random } from '../clock/clock.ts'
import { SHARE_PERCENTS, type Store } from '../store/store.ts'
import { createAccessTokens } from './access-token.ts'
import { ADMIT_ALL, type Admission } from './admission.ts'
import type { Auth } from './auth.ts'
import type { AuthLog } from './auth-log.ts'
import { createAuthenticator } from './authenticator.ts'
import { createClientAuthentication } from './client-authentication.ts'
import type { DirectorySource } from './directory.ts'
import { directoryChanges } from './directory-changes.ts'
import { createFetchJson, type FetchJson } from './fetch-json.ts'
import { parseForeignIssuers } from './foreign-issuers.ts'
import { type ForeignTrust, trustForeignIssuers } from './foreign-trust.ts'
import { createGrants } from './grants.ts'
import { LockOuts } from './lock-outs.ts'
import { serverMetadata } from './metadata.ts'
import { OAuthError, type OAuthErrorCode } from './oauth-error.ts'
import { createPasswordCheck } from './password-check.ts'
import { createRefreshFamilies } from './refresh-families.ts'
import { createRevocation } from './revocation.ts'
import { RevocationNotices } from './revocation-notices.ts'
import { openRevokedTokens, type RevokedTokens } from './revoked-tokens.ts'
import {
  NO_ORGANIZATION,
  openRevokedUsers,
  type RevocationBounds,
  type RevokedUsers,
} from './revoked-users.ts'
import { createSecretChecker } from './secret-checker.ts'
import { openSigningKeys, type SigningKeys } from './signing-keys.ts'
import { createUserRevocations } from './user-revocation.ts'
import { createVerifier, type Verifier } from './verifier.ts'
import { openDirectory } from './watched-directory.ts'
import { NO_WITNESS, type Witness } from './witness.ts'

/** Everything `createAuth` needs. */
export type AuthOptions = {
  readonly store: Pick<
    Store,
    'refreshFamilies' | 'revokedTokens' | 'revokedUsers' | 'serviceTime' | 'signingKeys'
  >
  readonly clock: Clock
  readonly random: Random
  readonly log: AuthLog
  /** The server's own base URL, as clients see it. Asked at each use: the port may be known only after listening. */
  readonly issuer: () => string
  readonly accessTokenTtlSeconds: number
  readonly refreshTokenTtlSeconds: number
  readonly refreshFamiliesPerUserMax: number
  readonly signingKeyRotationDays: number
  readonly staleConnectSecondsMax: number
  /** Longest token that is read. Default: {@link TOKEN_BYTES_MAX}. */
  readonly tokenBytesMax?: number | undefined
  /** `undefined`: the demo directory. */
  readonly directoryFile?: string | undefined
  /** Whether everybody on this machine may read that file. Default: no. */
  readonly directoryFileShared?: boolean
  /** Bounds what is tried at the token endpoint. Default: nothing is refused. */
  readonly admission?: Admission | undefined
  /** How many revocations are remembered, and how they are shared. Default: 200,000, 50 and 25 per cent. */
  readonly revocations?: Partial<RevocationBounds>
  /** Is told what happens at the token endpoints. Default: nobody is. */
  readonly witness?: Witness | undefined
  /** As configured; parsed here. */
  readonly foreignIssuers: unknown
  /** Default: over Node's `fetch`, without redirects, within 5 s and 256 KiB. */
  readonly fetchJson?: FetchJson | undefined
}

const REVOCATION_BOUNDS: RevocationBounds = { ...SHARE_PERCENTS, revocationsMax: 200_000 }

/** A year: longer than any token that is meant to expire. */
const FOREIGN_USE_SECONDS_MAX = 366 * 86_400

/** What is open while the server runs, and has to be closed. */
type Opened = {
  readonly directory: DirectorySource
  readonly revoked: RevokedTokens
  readonly revokedUsers: RevokedUsers
  readonly keys: SigningKeys
  readonly foreign: ForeignTrust
}

/**
 * Opens directory, keys and lists, and starts what keeps them fresh.
 *
 * @throws Error naming what is wrong: `foreignIssuers: …`, or the directory file and the path in it
 */
export async function createAuth(options: AuthOptions): Promise<Auth> {
  const { clock, random, log, issuer, accessTokenTtlSeconds, staleConnectSecondsMax } = options
  const tokenBytesMax = options.tokenBytesMax ?? TOKEN_BYTES_MAX
  const verifier = createVerifier(
    (iss) => (iss === issuer() ? accessTokens : foreign.issuerOf(iss)),
    tokenBytesMax,
  )
  const notices = new RevocationNotices()
  const opened = await openAll(options, verifier, notices)
  const { directory, revoked, revokedUsers, keys, foreign } = opened
  const common = { directory, revoked, revokedUsers, notices, clock, log }
  const accessTokens = createAccessTokens({
    ...{ keys, clock, random, issuer, ttlSeconds: accessTokenTtlSeconds },
    notBeforeWallMs: (subject) => notBeforeWallMs(revokedUsers, subject),
  })
  const authenticator = createAuthenticator({ ...common, verifier, staleConnectSecondsMax })
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
  const revoke = createRevocation({ ...revoking, staleConnectSecondsMax, tokenBytesMax })
  const users = createUserRevocations({ ...common, families: options.store.refreshFamilies })
  directory.onReloaded((before, now) => void users.follow(directoryChanges(before, now)))
  return {
    ...authenticator,
    token: (request) => asOAuthError(grant(request)),
    revoke: (request) => asOAuthError(revoke(request)),
    revokeUser: (user) => users.revoke(user),
    onRevoked: (listener) => notices.listen(listener),
    revocations: () => notices.count,
    organizations: () => directory.current().organizations,
    onDirectoryReloaded: (listener) => directory.onReloaded(listener),
    reloadDirectory: () => directory.reload(),
    jwks: () => keys.jwks(),
    metadata: () => serverMetadata(issuer()),
    close: () => closeAll(opened),
  }
}

/** Whether the demo directory is in force, whose secrets everybody knows: listen on loopback only. */
export function usesDemoDirectory({ directoryFile }: Pick<AuthOptions, 'directoryFile'>): boolean {
  return directoryFile === undefined
}

/** The moment from which on what was issued to a user by a client is good. */
function notBeforeWallMs(
  revokedUsers: RevokedUsers,
  of: { readonly organizationId: string | null; readonly userId: string; readonly clientId: string },
): number {
  return Math.max(revokedUsers.notBeforeWallMs(of), revokedUsers.clientNotBeforeWallMs(of.clientId))
}

/** All or nothing: what was opened before something failed is closed again. */
async function openAll(
  options: AuthOptions,
  verifier: Pick<Verifier, 'forgetAll'>,
  notices: RevocationNotices,
): Promise<Opened> {
  const { store, clock, log } = options
  const { wall } = store.serviceTime
  const bounds: RevocationBounds = { ...REVOCATION_BOUNDS, ...options.revocations }
  const issuers = parseForeignIssuers(options.foreignIssuers)
  const onKeysChanged = () => verifier.forgetAll()
  const opened: Partial<Opened>[] = []
  try {
    const directory = await openDirectory({
      file: options.directoryFile,
      isShared: options.directoryFileShared === true,
      clock,
      log,
    })
    opened.push({ directory })
    const revokedUsers = await openRevokedUsers({
      store: store.revokedUsers,
      clock,
      wall,
      useMsMax: useSecondsMax(options, issuers.length > 0) * 1000,
      bounds,
    })
    opened.push({ revokedUsers })
    const revoked = await openRevokedTokens({
      ...{ revokedUsers, bounds, clock, wall, log },
      store: store.revokedTokens,
      tokenUseMsMax: (options.accessTokenTtlSeconds + options.staleConnectSecondsMax) * 1000,
      onUserRevoked: (userId) => notices.announceUser(userId),
    })
    opened.push({ revoked })
    const keys = await openSigningKeys({
      store: store.signingKeys,
      clock,
      wall,
      log,
      rotationDays: options.signingKeyRotationDays,
      tokenUseSecondsMax: options.accessTokenTtlSeconds + options.staleConnectSecondsMax,
    })
    const fetchJson = options.fetchJson ?? createFetchJson(clock)
    return {
      directory,
      revoked,
      revokedUsers,
      keys,
      foreign: trustForeignIssuers(issuers, { fetchJson, clock, log, onKeysChanged }),
    }
  } catch (error) {
    for (const part of opened) await closeAll(part)
    throw error
  }
}

/** Longest time for which anything issued now may be of use. How long a foreign token lives, its issuer decides. */
function useSecondsMax(options: AuthOptions, hasForeignIssuers: boolean): number {
  const tokenSeconds = options.accessTokenTtlSeconds + options.staleConnectSecondsMax
  const foreignSeconds = hasForeignIssuers ? FOREIGN_USE_SECONDS_MAX : 0
  return Math.max(tokenSeconds, options.refreshTokenTtlSeconds, foreignSeconds)
}

async function closeAll(parts: Partial<Opened>): Promise<void> {
  const { directory, revoked, revokedUsers, keys, foreign } = parts
  revoked?.close()
  revokedUsers?.close()
  await Promise.all([foreign?.close(), keys?.close(), directory?.close()])
}

const OAUTH_CODES: ReadonlyMap<string, OAuthErrorCode> = new Map([
  ['unavailable', 'temporarily_unavailable'],
  ['rate_limited', 'rate_limited'],
])

/** Refusals that are no business of RFC 6749's, in its form: the store cannot write, or too much is asked. */
async function asOAuthError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (cause) {
    const code = cause instanceof RollcallError ? OAUTH_CODES.get(cause.code) : undefined
    if (!(cause instanceof RollcallError) || code === undefined) throw cause
    const retryAfterSeconds = cause.retryAfterSeconds ?? 5
    throw new OAuthError(code, cause.message, { cause, retryAfterSeconds })
  }
}
