import { isObject } from './answers.ts'

// What a token's claims say, for telling people and times apart: nothing here checks the signature. `undefined` where
// it is no JWT.

/** Whom it speaks for. */
export function userOf(
  token: string,
): { readonly userId: string; readonly organizationId: string } | undefined {
  const { userId, sub, organization_id: organization } = claimsOf(token)
  const user = userId ?? sub
  if (typeof user !== 'string') return undefined
  return { userId: user, organizationId: typeof organization === 'string' ? organization : '' }
}

/** When it ends, by the clock of whoever made it. */
export function endOf(token: string): { readonly endsAtMs: number; readonly lifeMs: number } | undefined {
  const { exp, iat } = claimsOf(token)
  if (typeof exp !== 'number' || typeof iat !== 'number') return undefined
  return { endsAtMs: exp * 1000, lifeMs: (exp - iat) * 1000 }
}

function claimsOf(token: string): { readonly [name: string]: unknown } {
  try {
    const part = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')
    const bytes = Uint8Array.from(atob(part), (character) => character.charCodeAt(0))
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return isObject(claims) ? claims : {}
  } catch {
    return {}
  }
}
