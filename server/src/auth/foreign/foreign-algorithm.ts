import { importJWK } from 'jose'

/** What a key must be to be used with an algorithm (RFC 7518 §3.1, RFC 8037 §3.1). */
type KeyKind = { readonly kty: string; readonly crv?: string }

// Signatures only. A shared secret (HS*) could sign as well as verify, and `none` is not an algorithm.
const KIND_BY_ALGORITHM: ReadonlyMap<string, KeyKind> = new Map<string, KeyKind>([
  ['RS256', { kty: 'RSA' }],
  ['RS384', { kty: 'RSA' }],
  ['RS512', { kty: 'RSA' }],
  ['PS256', { kty: 'RSA' }],
  ['PS384', { kty: 'RSA' }],
  ['PS512', { kty: 'RSA' }],
  ['ES256', { kty: 'EC', crv: 'P-256' }],
  ['ES384', { kty: 'EC', crv: 'P-384' }],
  ['ES512', { kty: 'EC', crv: 'P-521' }],
  ['EdDSA', { kty: 'OKP', crv: 'Ed25519' }],
  ['Ed25519', { kty: 'OKP', crv: 'Ed25519' }],
])

/** The algorithms that a foreign issuer may be configured with. */
export const FOREIGN_ALGORITHMS: readonly string[] = [...KIND_BY_ALGORITHM.keys()]

export type VerificationKey = Exclude<Awaited<ReturnType<typeof importJWK>>, Uint8Array>

/**
 * The key of a JWK for one algorithm; `undefined` where the two do not fit: another key type or curve, an
 * `alg`, `use` or `key_ops` that says otherwise, a private key, or one that cannot be read.
 */
export async function keyForAlgorithm(
  jwk: ReadonlyMap<string, unknown>,
  algorithm: string,
): Promise<VerificationKey | undefined> {
  const kind = KIND_BY_ALGORITHM.get(algorithm)
  if (kind === undefined || !fits(jwk, algorithm, kind)) return undefined
  const text = (name: string): Record<string, string> => {
    const value = jwk.get(name)
    return typeof value === 'string' ? { [name]: value } : {}
  }
  const members = { ...text('n'), ...text('e'), ...text('crv'), ...text('x'), ...text('y') }
  try {
    const key = await importJWK({ ...members, kty: kind.kty }, algorithm)
    return key instanceof Uint8Array ? undefined : key
  } catch {
    return undefined
  }
}

function fits(jwk: ReadonlyMap<string, unknown>, algorithm: string, { kty, crv }: KeyKind): boolean {
  const operations = jwk.get('key_ops')
  const mayVerify = operations === undefined || (Array.isArray(operations) && operations.includes('verify'))
  return (
    jwk.get('kty') === kty &&
    (crv === undefined || jwk.get('crv') === crv) &&
    (jwk.get('alg') === undefined || jwk.get('alg') === algorithm) &&
    (jwk.get('use') === undefined || jwk.get('use') === 'sig') &&
    mayVerify &&
    !jwk.has('d')
  )
}
