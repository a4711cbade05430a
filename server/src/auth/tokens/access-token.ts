import { compactVerify, SignJWT } from 'jose'
import { type Clock, type Random, uuidAt, uuidTimeMs } from '../../clock/clock.ts'
import { isService } from '../directory/directory.ts'
import {
  type Claims,
  notBeforeMs,
  requireAuthorities,
  requireDateMs,
  requireId,
  requireText,
} from './claims.ts'
import { OWN_ALGORITHM, type SigningKeys } from './signing-keys.ts'
import { type TokenForm, TokenRefused } from './token-form.ts'
import type { TokenFacts, TrustedIssuer } from './trusted-issuer.ts'

/** The only scope there is. A requested one is not looked at, but answered (RFC 6749 §3.3). */
export const SCOPE = 'rtc'

/** Who a new token is to speak for. */
export type Subject = {
  readonly userId: string
  readonly clientId: string
  readonly organizationId: string | null
  readonly authorities: readonly string[]
  /** Names the password or secret that was shown; see `credentialOf`. */
  readonly credential: string | undefined
  /** Whether it speaks for the client itself, not for a user who signed in through it. */
  readonly isClient: boolean
  /** Names its sign-in, so that ending that ends the token; `undefined` where there is no refresh token. */
  readonly sessionId: string | undefined
  /** The identity provider at which the user signed in; absent: here, through a client of the directory. */
  readonly provider?: string
}

export type SignedToken = { readonly token: string; readonly jti: string }

/** Our own access tokens: RS256 JWTs. */
export interface AccessTokens extends TrustedIssuer {
  sign(subject: Subject): Promise<SignedToken>
}

type Options = {
  readonly keys: Pick<SigningKeys, 'signer' | 'publicKey'>
  readonly clock: Pick<Clock, 'wallMs'>
  readonly random: Random
  readonly issuer: () => string
  readonly ttlSeconds: number
  /** Everything issued to this subject before was revoked. */
  readonly notBeforeWallMs: (subject: Subject) => number
}

export function createAccessTokens(options: Options): AccessTokens {
  const { keys, clock, random, issuer, ttlSeconds, notBeforeWallMs } = options
  return {
    async sign(subject) {
      const { keyId, privateKey } = keys.signer()
      // What is issued after a revocation has to look so, within one millisecond and on a clock that was set back.
      const issuedAtWallMs = Math.max(clock.wallMs(), notBeforeWallMs(subject))
      const jti = uuidAt(issuedAtWallMs, random)
      const issuedAt = Math.floor(issuedAtWallMs / 1000)
      const times = { iat: issuedAt, exp: issuedAt + ttlSeconds }
      const token = await new SignJWT({ iss: issuer(), ...claimsOf(subject), jti, ...times })
        .setProtectedHeader({ alg: OWN_ALGORITHM, typ: 'JWT', kid: keyId })
        .sign(privateKey)
      return { token, jti }
    },
    async checkSignature({ token, algorithm, keyId }) {
      if (algorithm !== OWN_ALGORITHM) throw new TokenRefused('algorithm')
      // Ours are always named.
      const key = keyId === undefined ? undefined : keys.publicKey(keyId)
      if (key === undefined) throw new TokenRefused('key_unknown')
      await verifySignature(token, key, OWN_ALGORITHM)
    },
    read: readOwn,
  }
}

/** The algorithm is the key's, never the token's word: a public key must not become an HMAC secret. */
export async function verifySignature(
  token: string,
  key: Parameters<typeof compactVerify>[1],
  algorithm: string,
): Promise<void> {
  try {
    await compactVerify(token, key, { algorithms: [algorithm] })
  } catch {
    throw new TokenRefused('signature')
  }
}

/** The grant by which a client got a token for itself, in the claim `gty`; tokens of users have none. */
const CLIENT_GRANT = 'client_credentials'

function claimsOf(subject: Subject) {
  const { userId, clientId, organizationId, authorities, credential, isClient, sessionId, provider } = subject
  return {
    sub: userId,
    userId,
    ...(organizationId === null ? {} : { organization_id: organizationId }),
    authorities,
    // Versions that know no providers ask for a client, and refuse it.
    ...(provider === undefined ? { client_id: clientId } : { idp: provider }),
    ...(isClient ? { gty: CLIENT_GRANT } : {}),
    scope: SCOPE,
    ...(credential === undefined ? {} : { crd: credential }),
    ...(sessionId === undefined ? {} : { sid: sessionId }),
  }
}

function readOwn({ claims }: TokenForm): TokenFacts {
  const userId = requireId(claims.get('userId'))
  if (claims.get('sub') !== userId) throw new TokenRefused('claims')
  const authorities = requireAuthorities(claims.get('authorities'))
  const service = isService(authorities)
  const jti = requireText(claims.get('jti'))
  const issuedAtWallMs = requireDateMs(claims.get('iat'))
  const sessionId = claims.get('sid')
  const credential = claims.get('crd')
  const provider = providerOf(claims)
  // A provider's clients are not ours, whatever they are called.
  const clientId = provider ?? requireId(claims.get('client_id'))
  return {
    principal: {
      organizationId: service ? null : requireId(claims.get('organization_id')),
      userId,
      clientId,
      isClient: provider === undefined && isOfClient(claims, userId, clientId),
      authorities,
      isService: service,
      expiresAtWallMs: requireDateMs(claims.get('exp')),
    },
    notBeforeWallMs: notBeforeMs(claims),
    // The `jti` says it to the millisecond; earlier versions made another.
    issuedAtWallMs: uuidTimeMs(jti) ?? issuedAtWallMs,
    own: {
      tokenKey: tokenKeyOf(jti),
      sessionKey: sessionId === undefined ? undefined : sessionKeyOf(requireText(sessionId)),
      credential: credential === undefined ? undefined : requireText(credential),
      provider,
    },
  }
}

/**
 * Whether we gave this token to a client for itself. Tokens signed by earlier versions do not say so, but in none of ours
 * has a user its client's name: no directory lets them share one.
 */
function isOfClient(claims: Claims, userId: string, clientId: string): boolean {
  const grant = claims.get('gty')
  if (grant === undefined) return userId === clientId
  if (grant !== CLIENT_GRANT || userId !== clientId) throw new TokenRefused('claims')
  return true
}

/** Longer than any that is configured. */
const PROVIDER_CHARACTERS_MAX = 512

function providerOf(claims: Claims): string | undefined {
  const provider = claims.get('idp')
  if (provider === undefined) return undefined
  if (typeof provider === 'string' && provider !== '' && provider.length <= PROVIDER_CHARACTERS_MAX)
    return provider
  throw new TokenRefused('claims')
}

/** What the list of revoked tokens calls one token, and a whole sign-in. */
function tokenKeyOf(jti: string): string {
  return `jti ${jti}`
}

export function sessionKeyOf(sessionId: string): string {
  return `sid ${sessionId}`
}
