import { fields } from '../api/parse.ts'

/** A token that outlives a reload of its tab. */
export type KeptToken = {
  readonly accessToken: string
  readonly userId: string
  readonly organizationId: string | undefined
  /** The public client that may give the token back. `undefined`: that takes a secret, which is not kept. */
  readonly clientId: string | undefined
  readonly endsAtMs: number
  /** Whether it came of a sign-in at an identity provider: it is given back another way. */
  readonly isOfProvider: boolean
}

const KEY = 'rollcall.console.token'

/** The token kept in this tab, ended or not; `undefined`: there is none. */
export function readKeptToken(): KeptToken | undefined {
  const { accessToken, userId, organizationId, clientId, endsAtMs, isOfProvider } = fields(readJson())
  if (typeof accessToken !== 'string' || typeof userId !== 'string' || typeof endsAtMs !== 'number')
    return undefined
  return {
    accessToken,
    userId,
    organizationId: typeof organizationId === 'string' ? organizationId : undefined,
    clientId: typeof clientId === 'string' ? clientId : undefined,
    endsAtMs,
    isOfProvider: isOfProvider === true,
  }
}

export function keepToken(token: KeptToken): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(token))
  } catch {
    // Storage may be switched off: then a reload asks for the sign-in again.
  }
}

export function forgetToken(): void {
  try {
    sessionStorage.removeItem(KEY)
  } catch {
    // As above: nothing is kept.
  }
}

function readJson(): unknown {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? 'null')
  } catch {
    return undefined
  }
}
