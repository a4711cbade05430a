import { fields } from '../api/parse.ts'

/** A token that outlives a reload of its tab. */
export type KeptToken = {
  readonly accessToken: string
  readonly userId: string
  readonly organizationId: string | undefined
  /** Through which client: it is who may give the token back. */
  readonly clientId: string
  readonly endsAtMs: number
}

const KEY = 'rollcall.console.token'

/** The token kept in this tab, ended or not; `undefined`: there is none. */
export function readKeptToken(): KeptToken | undefined {
  const { accessToken, userId, organizationId, clientId, endsAtMs } = fields(readJson())
  if (typeof accessToken !== 'string' || typeof userId !== 'string') return undefined
  if (typeof clientId !== 'string' || typeof endsAtMs !== 'number') return undefined
  return {
    accessToken,
    userId,
    organizationId: typeof organizationId === 'string' ? organizationId : undefined,
    clientId,
    endsAtMs,
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
