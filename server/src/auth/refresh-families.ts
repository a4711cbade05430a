import type { Clock } from '../clock/clock.ts'
import type { RefreshFamily, RefreshFamilyStore } from '../store/store.ts'
import { SCOPE, sessionKeyOf } from './access-token.ts'
import type { AuthLog } from './auth-log.ts'
import type { Client, User } from './directory.ts'
import { OAuthError } from './oauth-error.ts'
import { hashRefreshSecret, type RefreshToken, sessionIdOf } from './refresh-token.ts'
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
  end(familyId: string): Promise<void>
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
}

export function createRefreshFamilies(options: Options): RefreshFamilies {
  const { store, revoked, clock, log } = options
  const ttlMs = options.ttlSeconds * 1000

  async function end(familyId: string): Promise<void> {
    // In this order: should the second step fail, the family is still there for another try.
    const untilWallMs = clock.wallMs() + options.tokenUseSecondsMax * 1000
    await revoked.add(sessionKeyOf(sessionIdOf(familyId)), untilWallMs)
    await store.revoke(familyId)
  }

  return {
    async start(user, client, first) {
      const nowWallMs = clock.wallMs()
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
    find: ({ familyId }) => store.find(familyId, clock.wallMs()),
    async rotate(presented, next) {
      const nowWallMs = clock.wallMs()
      const replacement = { currentHash: hashRefreshSecret(next), expiresAtWallMs: nowWallMs + ttlMs }
      const hash = hashRefreshSecret(presented)
      const { kind } = await store.rotate(presented.familyId, hash, replacement, nowWallMs)
      if (kind === 'rotated') return
      if (kind === 'reused') {
        // Holder or thief, nobody can tell: whoever comes second ends it for both.
        log.warn('used refresh token presented again, its sign-in is ended')
        await end(presented.familyId)
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
