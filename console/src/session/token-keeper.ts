import { type GetToken, type Grant, requestToken, type Token, TokenError } from '@rollcall/client'
import { SignInEnded } from './ended.ts'

/** Who asks for tokens, and by what right. */
export type TokenAccess = {
  /** Base URL of the server. */
  readonly url: string
  readonly clientId: string
  readonly clientSecret: string
  readonly grant: Exclude<Grant, { readonly type: 'refresh_token' }>
  readonly fetch: typeof fetch
  readonly nowMs: () => number
  /** Told of every token but the first. */
  readonly onRenewed: (token: Token) => void
}

/** A token is replaced this long before its end, or a tenth of its life, whichever is less. */
const EARLY_MS_MAX = 30_000

/** The tokens of one sign-in, from the first on. */
export type TokenKeeper = {
  /** Renews the token shortly before its end and when it was refused, once for all who want it at a time. */
  readonly getToken: GetToken
  /** Gives the sign-in back to the server (RFC 7009), and hands out no token any more. Never rejects. */
  readonly end: () => Promise<void>
}

export function keepTokens(first: Token, access: TokenAccess): TokenKeeper {
  let current = first
  let untilMs = goodUntilMs(first, access.nowMs())
  let pending: Promise<Token> | undefined
  let isEnded = false
  const renew = async (): Promise<Token> => {
    const token = await askFor(access, current.refreshToken)
    current = token
    untilMs = goodUntilMs(token, access.nowMs())
    // Got too late to be of use to anybody: it must not outlive the sign-in.
    if (isEnded) await revoke(access, token)
    else access.onRenewed(token)
    return token
  }
  return {
    async getToken({ refused }) {
      if (isEnded) throw new SignInEnded()
      if (!refused && access.nowMs() < untilMs) return current.accessToken
      pending ??= renew().finally(() => {
        pending = undefined
      })
      const { accessToken } = await pending
      if (isEnded) throw new SignInEnded()
      return accessToken
    },
    async end() {
      if (isEnded) return
      isEnded = true
      await revoke(access, current)
    },
  }
}

/**
 * Gives a token back: with its refresh token, where there is one, the whole sign-in. Best effort: whoever signs out
 * is signed out here, whether or not the server can be told.
 */
export async function revoke(
  {
    url,
    clientId,
    clientSecret,
    fetch: send,
  }: Pick<TokenAccess, 'url' | 'clientId' | 'clientSecret' | 'fetch'>,
  { accessToken, refreshToken }: Pick<Token, 'accessToken' | 'refreshToken'>,
): Promise<void> {
  const token = refreshToken ?? accessToken
  const body = new URLSearchParams({ token, client_id: clientId, client_secret: clientSecret })
  try {
    // `keepalive`: it goes out even if the page is closed right away.
    await send(new URL('/security/oauth/revoke', url), {
      method: 'POST',
      keepalive: true,
      redirect: 'error',
      body,
    })
  } catch {
    // See above: the token then ends by itself.
  }
}

function goodUntilMs({ expiresInSeconds }: Token, nowMs: number): number {
  const lifeMs = expiresInSeconds * 1000
  return nowMs + lifeMs - Math.min(EARLY_MS_MAX, lifeMs / 10)
}

async function askFor(access: TokenAccess, refreshToken: string | undefined): Promise<Token> {
  const { url, clientId, clientSecret, fetch: send } = access
  const request = (grant: Grant) =>
    requestToken({ url, clientId, clientSecret, credentialsIn: 'body', grant, fetch: send })
  if (refreshToken === undefined) return request(access.grant)
  try {
    return await request({ type: 'refresh_token', refreshToken })
  } catch (error) {
    // The refresh token was used twice, has run out or was revoked: the credentials may still open a new sign-in.
    if (error instanceof TokenError && error.code === 'invalid_grant') return request(access.grant)
    throw error
  }
}
