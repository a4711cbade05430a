import type { Directory } from '../directory/directory.ts'
import { isService } from '../directory/directory.ts'
import { claimAt } from '../foreign/foreign-token.ts'
import { type Claims, requireId } from '../tokens/claims.ts'
import { mayComeFromProvider } from '../tokens/standing.ts'
import { TokenRefused } from '../tokens/token-form.ts'
import type { OidcSettings } from './oidc-settings.ts'

/** Who signed in, in the words of this server. */
export type Person = {
  readonly userId: string
  /** `null` for role SERVICE alone. */
  readonly organizationId: string | null
  readonly authorities: readonly string[]
}

/**
 * What is made of the claims of an ID token that is believed. Nobody is let in by what is not known: without a role that
 * is configured, a user id, or an organization that there is, nothing comes of it.
 *
 * @throws TokenRefused
 */
export function personOf(claims: Claims, settings: OidcSettings, directory: Directory): Person {
  const authorities = authoritiesOf(claims, settings)
  if (authorities.length === 0) throw new TokenRefused('no_role')
  const userId = requireId(claimAt(claims, settings.userIdPath))
  const organizationId = isService(authorities) ? null : organizationOf(claims, settings)
  const person = { userId, organizationId, authorities }
  if (!mayComeFromProvider(directory, person)) throw new TokenRefused('not_in_directory')
  return person
}

/** An array of texts, or one text with spaces; whatever else is in it is no role. */
function authoritiesOf(claims: Claims, { rolesPath, roles }: OidcSettings): readonly string[] {
  const value = claimAt(claims, rolesPath)
  const held: readonly unknown[] =
    typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : []
  return [...new Set(held.flatMap((role) => (typeof role === 'string' ? (roles.get(role) ?? []) : [])))]
}

function organizationOf(claims: Claims, settings: OidcSettings): string {
  const { organizations, organizationIdPath } = settings
  const organizationId = settings.organizationId ?? requireId(claimAt(claims, organizationIdPath))
  const isAllowed = organizations === 'every' || organizations.has(organizationId)
  if (!isAllowed) throw new TokenRefused('organization')
  return organizationId
}
