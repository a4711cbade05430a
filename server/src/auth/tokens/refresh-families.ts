import { REFRESH_REPEAT_MS } from '@rollcall/protocol/limits'
import type { Clock, Random } from '../../clock/clock.ts'
import type { RefreshFamily, Store, UserKey } from '../../store/store.ts'
import type { AuthLog } from '../auth-log.ts'
import type { OAuthClient, User } from '../directory/directory.ts'
import { OAuthError } from '../oauth/oauth-error.ts'
import type { RevocationNotices } from '../revocation/revocation-notices.ts'
import type { RevokedTokens } from '../revocation/revoked-tokens.ts'
import { SCOPE, sessionKeyOf } from './access-token.ts'
import { hashRefreshSecret, newSalt, type RefreshToken, sessionIdOf, successorOf } from './refresh-token.ts'
import { basisOf } from './sign-in-basis.ts'

/** Sign-ins that go on: each is a family of refresh tokens of which one is good (RFC 9700 §4.14.2). */
export interface RefreshFamilies {
  /** Begins a family with its first token. Durable. */
  start(user: User, client: OAuthClient, first: RefreshToken): Promise<void>
  /** The live family that a token claims to be of; its secret is not looked at. */
  find(presented: RefreshToken): Promise<RefreshFamily | undefined>
  /**
   * Uses up one token for the next, which is the same one again where the answer may have been lost: for a minute,
   * as long as that next one was not used. Durable. From now on the sign-in rests on `user` as it is.
   *
   * @throws OAuthError `invalid_grant`; a token that was used before otherwise ends the family
   */
  rotate(presented: RefreshToken, user: User): Promise<RefreshToken>
  /** Ends a family and, from now on, the access tokens made from it. Unknown ones are ignored. Durable. */
  end(family: Pick<RefreshFamily, 'familyId' | 'userId'>): Promise<void>
}

type Options = {
  readonly store: Pick<Store, 'refreshFamilies' | 'serviceTime'>
  readonly revoked: Pick<RevokedTokens, 'add'>
  readonly clock: Pick<Clock, 'wallMs'>
  readonly random: Random
  readonly log: AuthLog
  readonly ttlSeconds: number
  readonly familiesPerUserMax: number
  /** Longest time for which an access token may be used after it was signed; seconds. */
  readonly tokenUseSecondsMax: number
  readonly notices: Pick<RevocationNotices, 'announceUser'>
  /** Where the user belongs; `undefined`: there is no such user any more. */
  readonly ownerOf: (userId: string) => UserKey | undefined
  /** Everything issued to this user by this client before was revoked. */
  readonly notBeforeWallMs: (of: Pick<RefreshFamily, 'userId' | 'clientId'>) => number
}

export function createRefreshFamilies(options: Options): RefreshFamilies {
  const { revoked, notices, clock, random, log, notBeforeWallMs } = options
  const { refreshFamilies: store, serviceTime } = options.store
  const ttlMs = options.ttlSeconds * 1000

  async function end({ familyId, userId }: Pick<RefreshFamily, 'familyId' | 'userId'>): Promise<void> {
    // In this order: should the second step fail, the family is still there for another try.
    const untilWallMs = serviceTime.wall.latestMs() + options.tokenUseSecondsMax * 1000
    const owner = options.ownerOf(userId)
    const refusing = revoked.add(owner, sessionKeyOf(sessionIdOf(familyId)), untilWallMs)
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
        organizationId: user.organizationId,
        currentHash: hashRefreshSecret(first),
        scope: SCOPE,
        createdAtWallMs: nowWallMs,
        expiresAtWallMs: Math.max(nowWallMs, serviceTime.wall.latestMs()) + ttlMs,
        basis: basisOf(user),
        lastRotation: undefined,
      }
      await store.create(family, options.familiesPerUserMax)
    },
    async find({ familyId }) {
      const family = await store.find(familyId)
      return family !== undefined && family.createdAtWallMs < notBeforeWallMs(family) ? undefined : family
    },
    async rotate(presented, user) {
      const salt = newSalt(random)
      const successor = {
        currentHash: hashRefreshSecret(successorOf(presented, salt)),
        salt,
        repeatableMs: REFRESH_REPEAT_MS,
        expiresAtWallMs: serviceTime.wall.latestMs() + ttlMs,
        basis: basisOf(user),
        organizationId: user.organizationId,
      }
      const hash = hashRefreshSecret(presented)
      const outcome = await store.rotate(presented.familyId, hash, successor)
      if (outcome.kind === 'rotated') return successorOf(presented, salt)
      if (outcome.kind === 'repeated') return successorOf(presented, outcome.salt)
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
