import type { Clock } from '../clock/clock.ts'
import type { RefreshFamily, RefreshFamilyStore } from '../store/store.ts'
import { SCOPE, sessionKeyOf } from './access-token.ts'
import type { AuthLog } from './auth-log.ts'
import type { Client, User } from './directory.ts'
import { OAuthError } from './oauth-error.ts'
import { hashRefreshSecret, type RefreshToken, sessionIdOf } from './refresh-token.ts'
import type { RevocationNotices } from './revocation-notices.ts'
import type { RevokedTokens } from './revoked-tokens.ts'

/** Sign-ins that go on: each is a family of refresh tokens of which one is good (RFC 9700 §4.14.2). */
export interface RefreshFamilies {
  /** Begins a family with its first token. Durable. */
  start(user: User, client: Client, first: RefreshToken): Promise<void>
  /** The live family that a token claims to be of; its secret is not looked at. */
  find(presented: RefreshToken): Promise<RefreshFamily | undefined>
  /** Uses up one token for the next. Durable. @throws OAuthError `invalid_grant`; a used one ends the family */
  rotate(presented: RefreshToken, next: RefreshToken): Promise<void>
  /** Ends a family and, from now on, the access tokens made from it. Unknown ones are ignored. Durable. */
  end(family: Pick<RefreshFamily, 'familyId' | 'userId'>): Promise<void>
}

type Options = {
  readonly store: RefreshFamilyStore
  readonly revoked: Pick<RevokedTokens, 'add'>
  readonly clock: Pick<Clock, 'wallMs'>
  readonly log: AuthLog
  readonly ttlSeconds: number
  readonly familiesPerUserMax: number
  /** Longest time for which an access token may be used after it was signed; seconds. */
  readonly tokenUseSecondsMax: number
  readonly notices: Pick<RevocationNotices, 'announceUser'>
  /** Everything issued to this user by this client before was revoked. */
  readonly notBeforeWallMs: (of: Pick<RefreshFamily, 'userId' | 'clientId'>) => number
}

export function createRefreshFamilies(options: Options): RefreshFamilies {
  const { store, revoked, notices, clock, log, notBeforeWallMs } = options
  const ttlMs = options.ttlSeconds * 1000

  async function end({ familyId, userId }: Pick<RefreshFamily, 'familyId' | 'userId'>): Promise<void> {
    // In this order: should the second step fail, the family is still there for another try.
    const untilWallMs = clock.wallMs() + options.tokenUseSecondsMax * 1000
    const refusing = revoked.add(sessionKeyOf(sessionIdOf(familyId)), untilWallMs)
    await Promise.all([refusing, notices.announceUser(userId)])
    await store.revoke(familyId)
  }

  return {
    async start(user, client, first) {
      // As with access tokens: what is issued after a revocation has to look so.
      const nowWallMs = Math.max(clock.wallMs(), notBeforeWallMs({ userId: user.id, clientId: client.id }))
      const family = {
        familyId: first.familyId,
        clientId: client.id,
        userId: user.id,
        currentHash: hashRefreshSecret(first),
        scope: SCOPE,
        createdAtWallMs: nowWallMs,
        expiresAtWallMs: nowWallMs + ttlMs,
      }
      await store.create(family, options.familiesPerUserMax, nowWallMs)
    },
    async find({ familyId }) {
      const family = await store.find(familyId, clock.wallMs())
      return family !== undefined && family.createdAtWallMs < notBeforeWallMs(family) ? undefined : family
    },
    async rotate(presented, next) {
      const nowWallMs = clock.wallMs()
      const replacement = { currentHash: hashRefreshSecret(next), expiresAtWallMs: nowWallMs + ttlMs }
      const hash = hashRefreshSecret(presented)
      const outcome = await store.rotate(presented.familyId, hash, replacement, nowWallMs)
      if (outcome.kind === 'rotated') return
      if (outcome.kind === 'reused') {
        // Holder or thief, nobody can tell: whoever comes second ends it for both.
        log.warn('used refresh token presented again, its sign-in is ended')
        await end(outcome.family)
      }
      throw invalidRefreshToken()
    },
    end,
  }
}

/** One answer for malformed, unknown, expired, used and another client's. */
export function invalidRefreshToken(): OAuthError {
  return new OAuthError('invalid_grant', 'The refresh token is not valid, or not any more.')
}
