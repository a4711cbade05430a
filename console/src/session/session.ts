import { type GetToken, type Grant, RollcallError, requestToken, type Token } from '@rollcall/client'
import { type Api, createApi } from '../api/api.ts'
import { OldServerError } from '../api/problem.ts'
import { SignInEnded } from './ended.ts'
import { inTime } from './in-time.ts'
import { forgetToken, type KeptToken, keepToken, readKeptToken } from './kept-token.ts'
import { comeBack, giveBack, hasComeBack } from './provider-sign-in.ts'
import { keepTokens, revoke } from './token-keeper.ts'

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
  /**
   * Ends it: what is under way is aborted, nothing more is asked in its name, and its token is given back as far as
   * that is possible. Idempotent.
   */
  readonly end: () => void
}

/** The same as for every other request of the console. */
const PATIENCE_MS = 10_000

/** The page's own fetch, bound: it refuses to be called on anything but the window. */
const send = inTime((input, init) => fetch(input, init), PATIENCE_MS)

/**
 * Signs in. Credentials stay in this page's memory, where they renew the token; what outlives a reload is the access
 * token alone, in this tab, until it ends.
 *
 * @throws TokenError; what `fetch` rejects with; RollcallError; OldServerError
 */
export async function signIn(credentials: Credentials): Promise<Session> {
  const { clientId } = credentials
  const clientSecret = credentials.kind === 'backend' ? credentials.clientSecret : ''
  const client = { url: location.origin, clientId, clientSecret, fetch: send }
  const grant = grantOf(credentials)
  // In the body: a refusal of HTTP Basic asks for it, and browsers then ask whoever sits there, in a box of their own.
  const first = await requestToken({ ...client, credentialsIn: 'body', grant })
  const tokens = keepTokens(first, {
    ...client,
    grant,
    nowMs: () => Date.now(),
    onRenewed: (token) => keepToken(keptOf(token, credentials)),
  })
  const kept = keptOf(first, credentials)
  try {
    const session = await open(kept, tokens.getToken, () => void tokens.end())
    keepToken(kept)
    return session
  } catch (error) {
    void tokens.end()
    throw error
  }
}

/**
 * The session of before a reload; `undefined` where there is none.
 *
 * @throws SignInEnded; and as `signIn` does
 */
export async function resume(): Promise<Session | undefined> {
  const kept = readKeptToken()
  if (kept === undefined) return undefined
  const { accessToken, clientId, endsAtMs, isOfProvider } = kept
  let isEnded = false
  const getToken: GetToken = ({ refused }) => {
    if (refused || isEnded || Date.now() >= endsAtMs) throw new SignInEnded(isOfProvider ? OVER : NOT_RENEWED)
    return accessToken
  }
  return open(kept, getToken, () => {
    isEnded = true
    if (isOfProvider) void giveBack(accessToken)
    if (clientId === undefined) return
    void revoke(
      { url: location.origin, clientId, clientSecret: '', fetch: send },
      { accessToken, refreshToken: undefined },
    )
  })
}

const NOT_RENEWED = 'It was not renewed, since the page was loaded anew. Sign in again.'
const OVER = 'A sign-in at an identity provider lasts so long and no longer. Sign in again.'

/**
 * The session of a sign-in at an identity provider that the browser comes back from now; `undefined`: from none.
 *
 * @throws SignInRefused; and as `resume` does
 */
export async function returning(): Promise<Session | undefined> {
  if (!hasComeBack()) return undefined
  const { expiresInSeconds, ...token } = await comeBack()
  const endsAtMs = Date.now() + expiresInSeconds * 1000
  keepToken({ ...token, endsAtMs, clientId: undefined, isOfProvider: true })
  return resume()
}

/** Whether this tab still keeps that sign-in: another document of the tab may have ended it meanwhile. */
export function isKept({ name, organizationId }: Session): boolean {
  const kept = readKeptToken()
  return kept !== undefined && kept.userId === name && kept.organizationId === organizationId
}

function keptOf(token: Token, { kind, clientId }: Credentials): KeptToken {
  const { accessToken, userId, organizationId, expiresInSeconds } = token
  const endsAtMs = Date.now() + expiresInSeconds * 1000
  return {
    accessToken,
    userId,
    organizationId,
    clientId: kind === 'person' ? clientId : undefined,
    endsAtMs,
    isOfProvider: false,
  }
}

function grantOf(credentials: Credentials): Exclude<Grant, { readonly type: 'refresh_token' }> {
  if (credentials.kind === 'backend') return { type: 'client_credentials' }
  const { username, password } = credentials
  return { type: 'password', username, password }
}

async function open(
  { userId, organizationId }: KeptToken,
  getToken: GetToken,
  giveBack: () => void,
): Promise<Session> {
  const life = new AbortController()
  const api = createApi(location.origin, getToken, life.signal)
  const sight = await sightOf(api)
  return {
    api,
    name: userId,
    organizationId,
    sight,
    end() {
      if (life.signal.aborted) return
      life.abort()
      forgetToken()
      giveBack()
    },
  }
}

/** Asked, not guessed: who may see an organization is the server's to decide. */
async function sightOf(api: Api): Promise<Session['sight']> {
  try {
    await api.backend.statistics()
    return 'all'
  } catch (error) {
    if (!(error instanceof RollcallError)) throw error
    if (error.code === 'forbidden') return 'own'
    // Role SERVICE has yet to name one, and may see any.
    if (error.code === 'organization_required') return 'all'
    if (error.code === 'not_found') throw new OldServerError('GET /rtc-api/statistics')
    throw error
  }
}
