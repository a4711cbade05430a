import { isObject } from './answers.ts'

/** RFC 6749 grants that the token endpoint knows. */
export type Grant =
  | { readonly type: 'client_credentials' }
  | { readonly type: 'password'; readonly username: string; readonly password: string }
  | { readonly type: 'refresh_token'; readonly refreshToken: string }

export type TokenRequest = {
  /** Base URL of the server. */
  readonly url: string
  readonly clientId: string
  /** Default: empty, as public clients have it. */
  readonly clientSecret?: string
  readonly grant: Grant
  /** Where the client's credentials travel. Default `basic`; `query` puts secrets into logs on the way. */
  readonly credentialsIn?: 'basic' | 'body' | 'query'
  readonly signal?: AbortSignal
  readonly fetch?: typeof fetch
}

/** What the token endpoint answers, as far as it is of use. */
export type Token = {
  readonly accessToken: string
  /** Given to users whose client has the refresh grant; good once. */
  readonly refreshToken: string | undefined
  readonly expiresInSeconds: number
  /** The user id: also the MQTT user name. */
  readonly userId: string
  /** Absent for a caller with role SERVICE. */
  readonly organizationId: string | undefined
}

/** The token endpoint's refusal (RFC 6749 §5.2): `code` is its `error`, for example `invalid_grant`. */
export class TokenError extends Error {
  readonly code: string
  readonly status: number
  /** Seconds, of a refusal that will pass; `undefined`: the server did not say. */
  readonly retryAfterSeconds: number | undefined

  constructor(code: string, status: number, description: string, retryAfterSeconds?: number) {
    super(description)
    this.name = 'TokenError'
    this.code = code
    this.status = status
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/**
 * Asks `POST /security/oauth/token` for an access token.
 *
 * @throws TokenError when the server refuses
 */
export async function requestToken(request: TokenRequest): Promise<Token> {
  const { fetch: send = fetch, signal } = request
  const url = new URL('/security/oauth/token', request.url)
  const headers: Record<string, string> = {}
  const parameters = new URLSearchParams(grantParameters(request.grant))
  addCredentials(request, url.searchParams, headers, parameters)
  const response = await send(url, {
    method: 'POST',
    headers,
    body: parameters,
    redirect: 'error',
    // A browser would show people a sign-in of its own for a 401 that asks for Basic, and keep the answer waiting.
    credentials: 'omit',
    ...(signal === undefined ? {} : { signal }),
  })
  const body: unknown = await response.json().catch(() => undefined)
  if (!response.ok) throw tokenError(response, body)
  return parseToken(response.status, body)
}

function grantParameters(grant: Grant): Record<string, string> {
  switch (grant.type) {
    case 'client_credentials':
      return { grant_type: grant.type }
    case 'password':
      return { grant_type: grant.type, username: grant.username, password: grant.password }
    case 'refresh_token':
      return { grant_type: grant.type, refresh_token: grant.refreshToken }
  }
}

function addCredentials(
  { clientId, clientSecret = '', credentialsIn = 'basic' }: TokenRequest,
  query: URLSearchParams,
  headers: Record<string, string>,
  body: URLSearchParams,
): void {
  if (credentialsIn === 'basic') {
    // RFC 6749 §2.3.1: both are form-encoded first, which also makes them ASCII for btoa.
    headers['authorization'] = `Basic ${btoa(`${formEncode(clientId)}:${formEncode(clientSecret)}`)}`
    return
  }
  const target = credentialsIn === 'query' ? query : body
  target.set('client_id', clientId)
  target.set('client_secret', clientSecret)
}

function formEncode(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1)
}

function tokenError({ status, headers }: Response, body: unknown): TokenError {
  const { error, error_description: description } = isObject(body) ? body : {}
  const retryAfterSeconds = Number.parseInt(headers.get('retry-after') ?? '', 10)
  return new TokenError(
    typeof error === 'string' ? error : 'invalid_answer',
    status,
    typeof description === 'string' ? description : `The token endpoint answered with status ${status}.`,
    Number.isNaN(retryAfterSeconds) ? undefined : retryAfterSeconds,
  )
}

function parseToken(status: number, body: unknown): Token {
  const answer = isObject(body) ? body : {}
  const { access_token: accessToken, refresh_token: refreshToken, sub, organization } = answer
  const expiresInSeconds = answer['expires_in']
  if (typeof accessToken !== 'string' || typeof sub !== 'string' || typeof expiresInSeconds !== 'number')
    throw new TokenError('invalid_answer', status, 'The answer is no token.')
  return {
    accessToken,
    refreshToken: typeof refreshToken === 'string' ? refreshToken : undefined,
    expiresInSeconds,
    userId: sub,
    organizationId: typeof organization === 'string' ? organization : undefined,
  }
}
