import { type GetToken, RollcallError, requestToken, TokenError, tokenSource } from '@rollcall/client'
import { type Api, createApi } from '../api/api.ts'
import { forgetToken, type KeptToken, keepToken, readKeptToken } from './kept-token.ts'

/** What somebody types to sign in. */
export type Credentials =
  | { readonly kind: 'backend'; readonly clientId: string; readonly clientSecret: string }
  | {
      readonly kind: 'person'
      readonly username: string
      readonly password: string
      /** The public client through which people sign in. */
      readonly clientId: string
    }

/** Somebody signed in, and what they may see. */
export type Session = {
  readonly api: Api
  /** The user or client id. */
  readonly name: string
  /** `undefined`: role SERVICE, which belongs to none and names one. */
  readonly organizationId: string | undefined
  /** `all`: everything of the organization. `own`: only what concerns this person. */
  readonly sight: 'all' | 'own'
}

/**
 * Signs in. Credentials stay in this page's memory, where they renew the token; what outlives a reload is the access
 * token alone, in this tab, until it ends.
 *
 * @throws TokenError; what `fetch` rejects with; RollcallError
 */
export async function signIn(credentials: Credentials): Promise<Session> {
  const url = location.origin
  const grant = grantOf(credentials)
  const clientSecret = credentials.kind === 'backend' ? credentials.clientSecret : ''
  const { clientId } = credentials
  const send: typeof fetch = (input, init) => fetch(input, init)
  const first = await requestToken({ url, clientId, clientSecret, grant, fetch: send })
  const kept: KeptToken = {
    accessToken: first.accessToken,
    userId: first.userId,
    organizationId: first.organizationId,
    endsAtMs: Date.now() + first.expiresInSeconds * 1000,
  }
  const session = await open(
    kept,
    renewing(kept, tokenSource({ url, clientId, clientSecret, grant, fetch: send })),
  )
  keepToken(kept)
  return session
}

/** The session of before a reload; `undefined` where there is none that still holds. */
export async function resume(): Promise<Session | undefined> {
  const kept = readKeptToken(Date.now())
  if (kept === undefined) return undefined
  const getToken: GetToken = ({ refused }) => {
    if (refused || Date.now() >= kept.endsAtMs)
      throw new TokenError('invalid_grant', 400, 'The sign-in has ended.')
    return kept.accessToken
  }
  return open(kept, getToken)
}

export function signOut(): void {
  forgetToken()
}

/** The first token while it is good; then what the source gives. */
function renewing(first: KeptToken, source: GetToken): GetToken {
  let isSpent = false
  return async (context) => {
    isSpent ||= context.refused || Date.now() >= first.endsAtMs - 30_000
    return isSpent ? source(context) : first.accessToken
  }
}

function grantOf(credentials: Credentials) {
  if (credentials.kind === 'backend') return { type: 'client_credentials' } as const
  const { username, password } = credentials
  return { type: 'password', username, password } as const
}

async function open({ userId, organizationId }: KeptToken, getToken: GetToken): Promise<Session> {
  const api = createApi(location.origin, getToken)
  return { api, name: userId, organizationId, sight: await sightOf(api) }
}

/** Asked, not guessed: who may see an organization is the server's to decide. */
async function sightOf(api: Api): Promise<Session['sight']> {
  try {
    await api.backend.request('/rtc-api/statistics')
    return 'all'
  } catch (error) {
    if (error instanceof RollcallError && error.code === 'forbidden') return 'own'
    if (error instanceof RollcallError && error.code === 'not_found')
      throw new Error('This server is older than the console: it has no GET /rtc-api/statistics. Upgrade it.')
    throw error
  }
}
