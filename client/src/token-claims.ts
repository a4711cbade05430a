import { isObject } from './answers.ts'

/**
 * Whom a token speaks for, as its claims say. For telling people apart only: nothing here checks the signature.
 * `undefined` where it is no JWT.
 */
export function userOf(
  token: string,
): { readonly userId: string; readonly organizationId: string } | undefined {
  try {
    const part = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')
    const bytes = Uint8Array.from(atob(part), (character) => character.charCodeAt(0))
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes))
    if (!isObject(claims)) return undefined
    const { userId, sub, organization_id: organization } = claims
    const user = userId ?? sub
    if (typeof user !== 'string') return undefined
    return { userId: user, organizationId: typeof organization === 'string' ? organization : '' }
  } catch {
    return undefined
  }
}
