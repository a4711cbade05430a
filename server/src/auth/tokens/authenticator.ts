import { RollcallError } from '@rollcall/protocol/error-code'
import type { Clock } from '../../clock/clock.ts'
import type { AuthLog } from '../auth-log.ts'
import type { DirectorySource } from '../directory/directory.ts'
import type { Principal } from '../principal.ts'
import type { RevokedTokens } from '../revocation/revoked-tokens.ts'
import type { RevokedUsers } from '../revocation/revoked-users.ts'
import { hasStanding, type TrustedProvider } from './standing.ts'
import { type RefusalReason, TokenRefused } from './token-form.ts'
import type { TokenFacts } from './trusted-issuer.ts'
import type { Verified, Verifier } from './verifier.ts'

/** Finds out who is calling. */
export interface Authenticator {
  /**
   * The principal of a live access token (JWS compact form), ours or of a configured issuer.
   *
   * Synchronous when this very token was verified before: a signature costs 100 µs and more, a phone sends
   * the same token for an hour. Expiry, revocation and the directory (is the user still there and enabled?)
   * are judged anew at every call.
   *
   * @param beforeCheck called before a token is checked that was not verified before: what it throws is thrown, and what it
   *   returns is whose turn the check takes
   * @throws RollcallError `unauthorized`, also for what cannot be decided; `unavailable` where too many tokens
   *   wait to be checked
   */
  authenticate(token: string, beforeCheck?: () => string): Principal | Promise<Principal>
  /**
   * The same for a token whose `exp` may have passed, at most `staleConnectSecondsMax` ago: everything else
   * is judged as by `authenticate`. `expired` says which it was. `place`: whose turn a check takes.
   */
  authenticateStale(
    token: string,
    place?: string,
  ): Promise<{ readonly principal: Principal; readonly expired: boolean }>
  /** Whether this token, verified before, may still be used but for its `exp`: not revoked, user not disabled or removed. */
  isStillGood(token: string): boolean
  /** The same token, as the one string that is kept of it: for whoever keeps it as long as a link lives. */
  kept(token: string): string
}

type Options = {
  readonly verifier: Pick<Verifier, 'known' | 'verify' | 'peek'>
  readonly directory: Pick<DirectorySource, 'current'>
  readonly revoked: Pick<RevokedTokens, 'has'>
  readonly revokedUsers: Pick<RevokedUsers, 'notBeforeWallMs' | 'clientNotBeforeWallMs'>
  readonly clock: Pick<Clock, 'wallMs'>
  readonly log: AuthLog
  readonly staleConnectSecondsMax: number
  /**
   * Whether what is known here of revocations is all there is. A process that stood still, or reached no other for long, does
   * not know, and admits nobody.
   */
  readonly isUpToDate: () => boolean
  /** Default: there is none, and whoever came from one is refused. */
  readonly provider?: TrustedProvider | undefined
}

export function createAuthenticator(options: Options): Authenticator {
  const { verifier, directory, revoked, revokedUsers, clock, log } = options
  const staleMs = options.staleConnectSecondsMax * 1000

  function isRevoked({ principal, issuedAtWallMs, own }: TokenFacts): boolean {
    if (issuedAtWallMs < revokedUsers.notBeforeWallMs(principal)) return true
    if (own === undefined) return false
    if (issuedAtWallMs < revokedUsers.clientNotBeforeWallMs(principal.clientId)) return true
    return revoked.has(own.tokenKey) || (own.sessionKey !== undefined && revoked.has(own.sessionKey))
  }

  /** The directory is one unchanging object until it is reloaded: nobody is judged by the same one twice. */
  function isInDirectory(verified: Verified): boolean {
    const current = directory.current()
    if (verified.judgedBy !== current) {
      verified.hasStanding = hasStanding(current, verified.facts, options.provider)
      verified.judgedBy = current
    }
    return verified.hasStanding
  }

  function refusalOf(verified: Verified, lateMsMax: number, nowWallMs: number): RefusalReason | undefined {
    const { principal, notBeforeWallMs } = verified.facts
    if (nowWallMs >= principal.expiresAtWallMs + lateMsMax) return 'expired'
    if (nowWallMs < notBeforeWallMs) return 'not_yet_valid'
    if (isRevoked(verified.facts)) return 'revoked'
    return isInDirectory(verified) ? undefined : 'not_in_directory'
  }

  function admit(verified: Verified, lateMsMax: number, nowWallMs: number): Principal {
    if (!options.isUpToDate()) throw cannotTell()
    const reason = refusalOf(verified, lateMsMax, nowWallMs)
    if (reason !== undefined) throw unauthorized(reason)
    return verified.facts.principal
  }

  function unauthorized(reason: RefusalReason): RollcallError {
    log.debug('token refused', { reason })
    return new RollcallError('unauthorized')
  }

  async function verify(token: string, place: string): Promise<Verified> {
    try {
      return await verifier.verify(token, place)
    } catch (error) {
      throw error instanceof TokenRefused ? unauthorized(error.reason) : error
    }
  }

  return {
    authenticate(token, beforeCheck) {
      const verified = verifier.known(token)
      if (verified !== undefined) return admit(verified, 0, clock.wallMs())
      return verify(token, beforeCheck?.() ?? '').then((fresh) => admit(fresh, 0, clock.wallMs()))
    },
    async authenticateStale(token, place = '') {
      const verified = verifier.known(token) ?? (await verify(token, place))
      const nowWallMs = clock.wallMs()
      const principal = admit(verified, staleMs, nowWallMs)
      return { principal, expired: nowWallMs >= principal.expiresAtWallMs }
    },
    isStillGood(token) {
      const verified = verifier.known(token)
      if (verified !== undefined) return !isRevoked(verified.facts) && isInDirectory(verified)
      try {
        const facts = verifier.peek(token)
        return !isRevoked(facts) && hasStanding(directory.current(), facts, options.provider)
      } catch {
        return false
      }
    },
    kept: (token) => verifier.known(token)?.token ?? token,
  }
}

function cannotTell(): RollcallError {
  return new RollcallError('unavailable', 'This process has lost touch with the others of the service.', {
    retryAfterSeconds: 1,
  })
}
