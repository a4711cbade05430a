import { fields } from '../api/parse.ts'
import { SignInRefused } from '../api/problem.ts'
import { inTime } from './in-time.ts'

/** What the page keeps while the browser is at the identity provider: in this tab, for one sign-in. */
type Begun = {
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
  /** Where one wanted to go. */
  readonly fragment: string
}

/** A token of this server that came of it. */
export type ProviderToken = {
  readonly accessToken: string
  readonly userId: string
  readonly organizationId: string | undefined
  readonly expiresInSeconds: number
}

const KEY = 'rollcall.console.sign-in'
/** The server asks the provider in our place. */
const PATIENCE_MS = 20_000
const DESCRIPTION_MAX = 200

const send = inTime((input, init) => fetch(input, init), PATIENCE_MS)

/** What stands on the buttons; none where the server does not say. Never rejects. */
export async function providerNames(): Promise<readonly string[]> {
  try {
    const response = await send('/security/oidc', { credentials: 'omit', redirect: 'error' })
    const { providers } = fields(response.ok ? await response.json() : undefined)
    if (!Array.isArray(providers)) return []
    return providers.flatMap((provider: unknown) => {
      const { name } = fields(provider)
      return typeof name === 'string' ? [name] : []
    })
  } catch {
    return []
  }
}

/**
 * Leaves for the identity provider; what proves that this very tab began is kept in it.
 *
 * @throws SignInRefused; what `fetch` rejects with
 */
export async function leaveForProvider(): Promise<void> {
  // Only there can a page make digests; and no provider sends codes to any other.
  if (!isSecureContext)
    throw new SignInRefused('This page is not secure', 'Open the console over HTTPS, and sign in there.')
  const begun = { state: random(), nonce: random(), codeVerifier: random(), fragment: location.hash }
  const { authorization_url: address, redirect_uri: back } = await ask('authorize', {
    state: begun.state,
    nonce: begun.nonce,
    code_challenge: await digestOf(begun.codeVerifier),
  })
  const home = placeOf(back)
  if (home?.origin !== location.origin)
    throw new SignInRefused(
      'The console has another address for the identity provider',
      `Open it there: ${home?.href ?? 'nobody knows where'}`,
    )
  const target = placeOf(address)
  if (target === undefined) throw new SignInRefused(ELSEWHERE, 'The server names no address to go to.')
  sessionStorage.setItem(KEY, JSON.stringify(begun))
  location.assign(target)
}

/** Whether the address says that the browser comes from there. */
export function hasComeBack(): boolean {
  const query = new URLSearchParams(location.search)
  return query.has('state') && (query.has('code') || query.has('error'))
}

/**
 * Takes what the browser came back with out of the address, and has the server exchange it. Good once: what was kept for it
 * is forgotten, whatever comes of it.
 *
 * @throws SignInRefused; what `fetch` rejects with
 */
export async function comeBack(): Promise<ProviderToken> {
  const query = new URLSearchParams(location.search)
  const begun = takeBegun()
  history.replaceState(null, '', `${location.pathname}${begun?.fragment ?? ''}`)
  // Somebody else may have begun it, to have this browser signed in as them (RFC 6749 §10.12).
  if (begun === undefined || query.get('state') !== begun.state)
    throw new SignInRefused(
      'This sign-in was not begun here',
      'Nobody was signed in. Begin anew; where somebody has sent you the address, do not follow it.',
    )
  const error = query.get('error')
  if (error !== null) throw new SignInRefused(ELSEWHERE, whyOf(error, query.get('error_description')))
  return tokenIn(
    await ask('token', {
      code: query.get('code') ?? '',
      state: begun.state,
      iss: query.get('iss') ?? '',
      nonce: begun.nonce,
      code_verifier: begun.codeVerifier,
    }),
  )
}

/** Gives its token back. Best effort, as every sign-out. */
export async function giveBack(accessToken: string): Promise<void> {
  const body = new URLSearchParams({ token: accessToken })
  try {
    // `keepalive`: it goes out even if the page is closed right away.
    await send('/security/oidc/revoke', { method: 'POST', keepalive: true, redirect: 'error', body })
  } catch {
    // The token then ends by itself.
  }
}

const ELSEWHERE = 'The identity provider has not signed you in'

function whyOf(error: string, description: string | null): string {
  return `It says: ${[error, description ?? ''].join(' ').trim().slice(0, DESCRIPTION_MAX)}`
}

async function ask(path: string, parameters: Record<string, string>) {
  const response = await send(`/security/oidc/${path}`, {
    method: 'POST',
    body: new URLSearchParams(parameters),
    redirect: 'error',
    credentials: 'omit',
  })
  const answer = fields(await response.json().catch(() => undefined))
  if (response.ok) return answer
  throw refusalOf(response.status, answer['error'])
}

function refusalOf(status: number, code: unknown): SignInRefused {
  if (code === 'access_denied')
    return new SignInRefused(
      'You are not let in here',
      'The identity provider knows you, and nothing that it says of you lets you in. Ask whoever runs this server.',
    )
  if (code === 'invalid_grant')
    return new SignInRefused(
      'The sign-in did not come about',
      'It took too long, was used already, or is not what was expected. Begin anew.',
    )
  if (status === 429) return new SignInRefused('Too many attempts', 'Wait a moment, then try again.')
  if (status >= 500)
    return new SignInRefused('The identity provider cannot be asked now', 'Try again in a moment.')
  return new SignInRefused('The server refuses the sign-in', String(code ?? status))
}

function tokenIn(answer: ReturnType<typeof fields>): ProviderToken {
  const { access_token: accessToken, sub, organization, expires_in: expiresInSeconds } = answer
  if (typeof accessToken !== 'string' || typeof sub !== 'string' || typeof expiresInSeconds !== 'number')
    throw new SignInRefused('The server refuses the sign-in', 'Its answer is no token.')
  const organizationId = typeof organization === 'string' ? organization : undefined
  return { accessToken, userId: sub, organizationId, expiresInSeconds }
}

function takeBegun(): Begun | undefined {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? 'null')
    sessionStorage.removeItem(KEY)
    const { state, nonce, codeVerifier, fragment } = fields(kept)
    if (typeof state !== 'string' || typeof nonce !== 'string' || typeof codeVerifier !== 'string')
      return undefined
    return { state, nonce, codeVerifier, fragment: typeof fragment === 'string' ? fragment : '' }
  } catch {
    // Storage may be switched off.
    return undefined
  }
}

/** An address that a browser may be sent to. */
function placeOf(address: unknown): URL | undefined {
  if (typeof address !== 'string' || !URL.canParse(address)) return undefined
  const url = new URL(address)
  return ['https:', 'http:'].includes(url.protocol) ? url : undefined
}

function random(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)))
}

/** RFC 7636 §4.2. */
async function digestOf(verifier: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))))
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}
