import { createClient, type RollcallClient, requestToken, type Token } from '@rollcall/client/client'

/** A user of the demo directory, signed in the way phones do. */
export function signIn(url: string, username: string): Promise<Token> {
  return requestToken({
    url,
    clientId: 'customer',
    grant: { type: 'password', username, password: `${username}-password` },
  })
}

const SECRETS = new Map([
  ['acme-backend', 'acme-secret'],
  ['globex-backend', 'globex-secret'],
  ['platform-service', 'service-secret'],
])

/** The secret of a client of the demo directory; empty for one that it does not have. */
export function secretOf(clientId: string): string {
  return SECRETS.get(clientId) ?? ''
}

/** A backend of the demo directory. */
export async function backend(url: string, clientId: string): Promise<RollcallClient> {
  return createClient({ url, token: await tokenOf(url, clientId) })
}

/** Its access token. */
export async function tokenOf(url: string, clientId: string): Promise<string> {
  const clientSecret = secretOf(clientId)
  const { accessToken } = await requestToken({
    url,
    clientId,
    clientSecret,
    grant: { type: 'client_credentials' },
  })
  return accessToken
}

/** A sendEvent command for `userId`. */
export function offer(
  userId: string,
  more: { readonly [name: string]: unknown } = {},
  attributes: { readonly [name: string]: unknown } = {},
) {
  const event = { type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z', ...attributes }
  return { userId, event, ...more }
}
