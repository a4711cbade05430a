import { RollcallError } from '@rollcall/protocol/error-code'
/** RFC 6749 §5.2, and for what may succeed later `temporarily_unavailable` (§4.1.2.1) and our own `rate_limited`. */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'temporarily_unavailable'
  /** Whoever it is, is not let in (§4.1.2.1). */
  | 'access_denied'
  | 'rate_limited'

type Details = {
  readonly usedHeader?: boolean
  readonly retryAfterSeconds?: number
  readonly cause?: unknown
}

/**
 * What the token and revocation endpoints answer instead of a result: `status`, the headers, and the JSON
 * object `{"error": code, "error_description": message}`.
 */
export class OAuthError extends Error {
  readonly code: OAuthErrorCode
  /** 400; 401 for `invalid_client`; 403 for `access_denied`; 503 for `temporarily_unavailable`; 429 for `rate_limited`. */
  readonly status: number
  /** `WWW-Authenticate` header, given where the client authenticated by `Authorization` (RFC 6749 §5.2). */
  readonly wwwAuthenticate: string | undefined
  /** Seconds, for the `Retry-After` header. */
  readonly retryAfterSeconds: number | undefined

  constructor(code: OAuthErrorCode, description: string, details: Details = {}) {
    super(description, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'OAuthError'
    this.code = code
    this.status = statusOf(code)
    this.wwwAuthenticate = details.usedHeader === true ? 'Basic realm="rollcall"' : undefined
    this.retryAfterSeconds = details.retryAfterSeconds
  }
}

function statusOf(code: OAuthErrorCode): number {
  if (code === 'invalid_client') return 401
  if (code === 'access_denied') return 403
  if (code === 'rate_limited') return 429
  return code === 'temporarily_unavailable' ? 503 : 400
}

const OAUTH_CODES: ReadonlyMap<string, OAuthErrorCode> = new Map([
  ['unavailable', 'temporarily_unavailable'],
  ['rate_limited', 'rate_limited'],
])

/** Refusals that are no business of RFC 6749's, in its form: the store cannot write, or too much is asked. */
export async function asOAuthError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (cause) {
    const code = cause instanceof RollcallError ? OAUTH_CODES.get(cause.code) : undefined
    if (!(cause instanceof RollcallError) || code === undefined) throw cause
    const retryAfterSeconds = cause.retryAfterSeconds ?? 5
    throw new OAuthError(code, cause.message, { cause, retryAfterSeconds })
  }
}
