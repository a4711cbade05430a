import { TOKEN_BYTES_MAX } from '@rollcall/protocol/limits'
import type { Clock, Random } from '../clock/clock.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { SHARE_PERCENTS, type Store } from '../store/store.ts'
import type { AuthLog } from './auth-log.ts'
import type { DirectorySource } from './directory/directory.ts'
import type { SecretSealer } from './directory/entry-row.ts'
import { openSharedEntries } from './directory/shared-entries.ts'
import type { StoredEntries } from './directory/stored-entries.ts'
import { openDirectory } from './directory/watched-directory.ts'
import { createFetchJson, type FetchJson } from './foreign/fetch-json.ts'
import { parseForeignIssuers } from './foreign/foreign-issuers.ts'
import { type ForeignTrust, trustForeignIssuers } from './foreign/foreign-trust.ts'
import type { Admission } from './oauth/admission.ts'
import { NO_WITNESS, type Witness } from './oauth/witness.ts'
import type { IsConcerned, RevocationNotices } from './revocation/revocation-notices.ts'
import { openRevokedTokens, type RevokedTokens } from './revocation/revoked-tokens.ts'
import { openRevokedUsers, type RevocationBounds, type RevokedUsers } from './revocation/revoked-users.ts'
import { openSigningKeys, type SigningKeys } from './tokens/signing-keys.ts'
import type { Verifier } from './tokens/verifier.ts'

/** Everything `createAuth` needs. */
export type AuthOptions = {
  readonly store: Pick<
    Store,
    'directory' | 'refreshFamilies' | 'revokedTokens' | 'revokedUsers' | 'serviceTime' | 'signingKeys'
  >
  /** The processes of the service, which take no token that one of them has revoked. */
  readonly cluster: Pick<Cluster, 'nodes' | 'requests'>
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
  /** Set: the directory is kept in the store, and no file is read. */
  readonly storedDirectory?: { readonly sealer: SecretSealer } | undefined
  /** Bounds what is tried at the token endpoint. Default: nothing is refused. */
  readonly admission?: Admission | undefined
  /** How many revocations are remembered, and how they are shared. Default: 200,000, 50 and 25 per cent. */
  readonly revocations?: Partial<RevocationBounds>
  /** Is told what happens at the token endpoints. Default: nobody is. */
  readonly witness?: Witness | undefined
  /** As configured; parsed here. */
  readonly foreignIssuers: unknown
  /** As configured, with its client's secret; parsed here. Default: nobody signs in elsewhere. */
  readonly openIdConnect?: unknown
  readonly openIdConnectClientSecret?: string | undefined
  /** Default: over Node's `fetch`, without redirects, within 5 s and 256 KiB. */
  readonly fetchJson?: FetchJson | undefined
}

const REVOCATION_BOUNDS: RevocationBounds = { ...SHARE_PERCENTS, revocationsMax: 200_000 }

/** A year: longer than any token that is meant to expire. */
const FOREIGN_USE_SECONDS_MAX = 366 * 86_400

/** What is open while the server runs, and has to be closed. */
export type AuthParts = {
  readonly directory: DirectorySource
  /** The same where it is kept in the store. */
  readonly stored: StoredEntries | undefined
  readonly revoked: RevokedTokens
  readonly revokedUsers: RevokedUsers
  readonly keys: SigningKeys
  readonly foreign: ForeignTrust
}

/** All or nothing: what was opened before something failed is closed again. */
export async function openParts(
  options: AuthOptions,
  verifier: Pick<Verifier, 'forgetAll'>,
  notices: RevocationNotices,
): Promise<AuthParts> {
  const { store, cluster, clock, log } = options
  const { wall } = store.serviceTime
  const bounds: RevocationBounds = { ...REVOCATION_BOUNDS, ...options.revocations }
  const issuers = parseForeignIssuers(options.foreignIssuers)
  const onKeysChanged = () => verifier.forgetAll()
  /** Another process of the service has revoked something of this user or client; `undefined`: of whom, nobody knows. */
  const onLearnt = async (id: string | undefined): Promise<void> => {
    const isConcerned: IsConcerned = ({ userId, clientId }) =>
      id === undefined || userId === id || clientId === id
    await notices
      .announce(isConcerned)
      .catch((error: unknown) => log.error('a revocation was not followed', { problem: String(error) }))
  }
  const opened: Partial<AuthParts>[] = []
  try {
    const stored =
      options.storedDirectory &&
      (await openSharedEntries(
        { store: store.directory, sealer: options.storedDirectory.sealer, log },
        cluster,
      ))
    const directory = stored ?? (await openFile(options))
    opened.push({ directory })
    // Who was changed while this process was taken for dead, nobody told it.
    cluster.nodes.onReturn(() => directory.reload())
    const revokedUsers = await openRevokedUsers({
      store: store.revokedUsers,
      cluster,
      clock,
      wall,
      useMsMax: useSecondsMax(options, issuers.length > 0) * 1000,
      bounds,
      onLearnt,
    })
    opened.push({ revokedUsers })
    const revoked = await openRevokedTokens({
      ...{ revokedUsers, bounds, cluster, clock, wall, log },
      witness: options.witness ?? NO_WITNESS,
      store: store.revokedTokens,
      tokenUseMsMax: (options.accessTokenTtlSeconds + options.staleConnectSecondsMax) * 1000,
      onUserRevoked: (userId) => notices.announceUser(userId),
      onLearnt,
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
      stored,
      revoked,
      revokedUsers,
      keys,
      foreign: trustForeignIssuers(issuers, { fetchJson, clock, log, onKeysChanged }),
    }
  } catch (error) {
    for (const part of opened) await closeParts(part)
    throw error
  }
}

function openFile({ directoryFile, directoryFileShared, clock, log }: AuthOptions): Promise<DirectorySource> {
  return openDirectory({ file: directoryFile, isShared: directoryFileShared === true, clock, log })
}

/** Longest time for which anything issued now may be of use. How long a foreign token lives, its issuer decides. */
function useSecondsMax(options: AuthOptions, hasForeignIssuers: boolean): number {
  const tokenSeconds = options.accessTokenTtlSeconds + options.staleConnectSecondsMax
  const foreignSeconds = hasForeignIssuers ? FOREIGN_USE_SECONDS_MAX : 0
  return Math.max(tokenSeconds, options.refreshTokenTtlSeconds, foreignSeconds)
}

export async function closeParts(parts: Partial<AuthParts>): Promise<void> {
  const { directory, revoked, revokedUsers, keys, foreign } = parts
  revoked?.close()
  revokedUsers?.close()
  await Promise.all([foreign?.close(), keys?.close(), directory?.close()])
}
