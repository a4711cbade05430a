import { type ClientClock, systemClock } from './platform.ts'
import { type Grant, requestToken, type Token, TokenError } from './request-token.ts'

/** What {@link GetToken} is told. */
export type TokenContext = {
  /** Aborted when the token is not wanted any more. */
  readonly signal: AbortSignal
  /** Whether the server has refused the token that was given last: do not give the same one again. */
  readonly refused: boolean
}

/** Gives an access token; asked at every attempt. Rejecting with a `TokenError` of status 400 or 401 is final. */
export type GetToken = (context: TokenContext) => string | Promise<string>

export type TokenSourceOptions = {
  /** Base URL of the server. */
  readonly url: string
  readonly clientId: string
  /** Default: empty, as public clients have it. */
  readonly clientSecret?: string
  /** How the first token is got; later ones by refresh token where the server gives one. */
  readonly grant: Exclude<Grant, { readonly type: 'refresh_token' }>
  /** Default: the global `fetch`. */
  readonly fetch?: typeof fetch
  /** Default: the system's. */
  readonly clock?: ClientClock
}

/** A token is replaced this long before its end, or a tenth of its life, whichever is less. */
const EARLY_MS_MAX = 60_000

/** Everybody who wants a token waits for the same request. */
const TIMEOUT_MS = 10_000

/**
 * A `getToken` over the server's own token endpoint: keeps the token until shortly before its end, asks for one at
 * a time, however many want it, and replaces one that was refused.
 */
export function tokenSource(options: TokenSourceOptions): GetToken {
  const { clock = systemClock } = options
  let current: { readonly token: Token; readonly untilMs: number } | undefined
  let pending: Promise<Token> | undefined

  const renew = async (): Promise<Token> => {
    const token = await askFor(options, current?.token.refreshToken)
    const lifeMs = token.expiresInSeconds * 1000
    current = { token, untilMs: clock.monotonicMs() + lifeMs - Math.min(EARLY_MS_MAX, lifeMs / 10) }
    return token
  }
  return async ({ refused }) => {
    const isGood = current !== undefined && !refused && clock.monotonicMs() < current.untilMs
    if (isGood && current !== undefined) return current.token.accessToken
    pending ??= renew().finally(() => {
      pending = undefined
    })
    return (await pending).accessToken
  }
}

async function askFor(options: TokenSourceOptions, refreshToken: string | undefined): Promise<Token> {
  const { grant } = options
  const request = (wanted: Grant): Promise<Token> => requestInTime(options, wanted)
  if (refreshToken === undefined) return request(grant)
  try {
    return await request({ type: 'refresh_token', refreshToken })
  } catch (error) {
    // The sign-in has ended: used twice, expired, revoked. The first grant may still open a new one.
    if (error instanceof TokenError && error.code === 'invalid_grant') return request(grant)
    throw error
  }
}

/** One that meets a silent server fails as fetch does where there is none. */
async function requestInTime(options: TokenSourceOptions, grant: Grant): Promise<Token> {
  const { clock = systemClock } = options
  const life = new AbortController()
  const timer = clock.after(TIMEOUT_MS, () => life.abort(new TypeError('no answer in time')))
  try {
    return await requestToken({ ...options, grant, signal: life.signal })
  } finally {
    timer.cancel()
  }
}
