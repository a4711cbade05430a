import { isAdministratorAuthority, isService, isServiceAuthority } from '../directory/directory.ts'
import { verifySignature } from '../tokens/access-token.ts'
import {
  type Claims,
  issuedAtMs,
  notBeforeMs,
  requireAuthorities,
  requireDateMs,
  requireId,
} from '../tokens/claims.ts'
import { TokenRefused } from '../tokens/token-form.ts'
import type { TrustedIssuer } from '../tokens/trusted-issuer.ts'
import type { ClaimPath, ForeignIssuer } from './foreign-issuers.ts'
import type { ForeignKeys } from './foreign-keys.ts'

/** Their clock may be ahead of ours. Not for `exp`: a link's end must be the token's, to the second. */
const NOT_BEFORE_LEEWAY_MS = 30_000

type Keys = Pick<ForeignKeys, 'find' | 'refresh'>

/** Believes the tokens of a configured issuer, as far as its configuration goes. */
export function trustForeignIssuer(issuer: ForeignIssuer, keys: Keys): TrustedIssuer {
  return {
    async checkSignature({ token, algorithm, keyId }) {
      if (!issuer.algorithms.includes(algorithm)) throw new TokenRefused('algorithm')
      if (keyId === undefined) return checkUnnamed(token, algorithm, keys)
      const key = await keys.find(keyId, algorithm)
      if (key === undefined) throw new TokenRefused('key_unknown')
      await verifySignature(token, key, algorithm)
    },
    read({ claims }) {
      requireAudience(claims, issuer.audiences)
      const authorities = authoritiesOf(claims, issuer)
      const service = isService(authorities)
      return {
        principal: {
          organizationId: service ? null : organizationOf(claims, issuer),
          userId: userOf(claims, issuer),
          // Its clients are not ours, whatever they are called.
          clientId: issuer.issuer,
          isClient: false,
          authorities,
          isService: service,
          expiresAtWallMs: requireDateMs(claims.get('exp')),
        },
        notBeforeWallMs: Math.max(0, notBeforeMs(claims) - NOT_BEFORE_LEEWAY_MS),
        issuedAtWallMs: issuedAtMs(claims),
        own: undefined,
      }
    },
  }
}

/** Without a key id a new key cannot be told from a wrong signature: the issuer is asked again before it is refused. */
async function checkUnnamed(token: string, algorithm: string, keys: Keys): Promise<void> {
  const find = async () => {
    const key = await keys.find(undefined, algorithm)
    if (key === undefined) throw new TokenRefused('key_unnamed')
    return key
  }
  try {
    await verifySignature(token, await find(), algorithm)
  } catch (error) {
    const mayBeNew = error instanceof TokenRefused && error.reason === 'signature' && (await keys.refresh())
    if (!mayBeNew) throw error
    await verifySignature(token, await find(), algorithm)
  }
}

/** RFC 7519 §4.1.3. */
function requireAudience(claims: Claims, accepted: ReadonlySet<string> | undefined): void {
  if (accepted === undefined) return
  const value = claims.get('aud')
  const named: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (!named.some((one) => typeof one === 'string' && accepted.has(one))) throw new TokenRefused('audience')
}

function userOf(claims: Claims, { userIdPaths }: ForeignIssuer): string {
  for (const path of userIdPaths) {
    const value = claimAt(claims, path)
    if (value !== undefined && value !== null) return requireId(value)
  }
  throw new TokenRefused('claims')
}

function organizationOf(claims: Claims, issuer: ForeignIssuer): string {
  const organizationId = issuer.organizationId ?? requireId(claimAt(claims, issuer.organizationIdPath))
  const isAllowed = issuer.organizations === 'every' || issuer.organizations.has(organizationId)
  if (!isAllowed) throw new TokenRefused('organization')
  return organizationId
}

/** An array of strings or, as in `scope`, one string with spaces. Power counts only where it is allowed. */
function authoritiesOf(claims: Claims, issuer: ForeignIssuer): readonly string[] {
  const value = claimAt(claims, issuer.authoritiesPath)
  const listed = typeof value === 'string' ? value.split(' ').filter((word) => word !== '') : value
  return requireAuthorities(listed).filter(
    (authority) =>
      (issuer.allowService || !isServiceAuthority(authority)) &&
      (issuer.allowAdministrator || !isAdministratorAuthority(authority)),
  )
}

/** The claim at a path; `undefined` where there is none. */
export function claimAt(claims: Claims, [first = '', ...rest]: ClaimPath): unknown {
  return rest.reduce(memberOf, claims.get(first))
}

function memberOf(value: unknown, name: string): unknown {
  const isObject = typeof value === 'object' && value !== null && Object.hasOwn(value, name)
  return isObject ? Reflect.get(value, name) : undefined
}
