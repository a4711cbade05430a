/** Why a token is refused: for the log, never for the caller, whom it would only help to forge. */
export type RefusalReason =
  | 'too_large'
  | 'malformed'
  | 'critical_header'
  | 'issuer_unknown'
  | 'algorithm'
  | 'key_unknown'
  | 'key_unnamed'
  | 'signature'
  | 'claims'
  | 'audience'
  | 'organization'
  | 'not_yet_valid'
  | 'expired'
  | 'revoked'
  | 'not_in_directory'
  /** Of somebody who signed in at an identity provider: holds nothing there that is configured to give something here. */
  | 'no_role'

/** A token that is not believed. Does not leave this room: outside it is `unauthorized`. */
export class TokenRefused extends Error {
  readonly reason: RefusalReason

  constructor(reason: RefusalReason) {
    super(`token refused: ${reason}`)
    this.name = 'TokenRefused'
    this.reason = reason
  }
}

/** A JWS in compact form (RFC 7515 §7.1) taken apart. Nothing in it is believed yet. */
export type TokenForm = {
  readonly token: string
  readonly algorithm: string
  /** Absent: the issuer has one key that fits, or the token is refused. */
  readonly keyId: string | undefined
  readonly claims: ReadonlyMap<string, unknown>
}

/**
 * Takes a token apart. Strict, so that one token is one string (caches and revocation go by it): base64url
 * must be canonical, text must be UTF-8.
 *
 * @param charactersMax what is longer is refused unread
 * @throws TokenRefused
 */
export function parseToken(token: string, charactersMax: number): TokenForm {
  if (token.length > charactersMax) throw new TokenRefused('too_large')
  const [header = '', payload = '', signature = '', ...rest] = token.split('.')
  if (rest.length > 0 || decode(signature).length === 0) throw new TokenRefused('malformed')
  const parameters = parseObject(decode(header))
  // RFC 7515 §4.1.11: what we do not understand must not be ignored, and we understand no extension.
  if (parameters.has('crit')) throw new TokenRefused('critical_header')
  const algorithm = parameters.get('alg')
  const keyId = parameters.get('kid')
  const hasKeyId = typeof keyId === 'string'
  if (typeof algorithm !== 'string' || (parameters.has('kid') && !hasKeyId))
    throw new TokenRefused('malformed')
  return { token, algorithm, keyId: hasKeyId ? keyId : undefined, claims: parseObject(decode(payload)) }
}

function decode(part: string): Buffer {
  const bytes = Buffer.from(part, 'base64url')
  if (bytes.toString('base64url') !== part) throw new TokenRefused('malformed')
  return bytes
}

function parseObject(bytes: Buffer): ReadonlyMap<string, unknown> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return new Map(Object.entries(value))
  } catch {
    // Refused below, without the parser's message: it quotes the token.
  }
  throw new TokenRefused('malformed')
}
