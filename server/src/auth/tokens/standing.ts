import type { Directory, OAuthClient, User } from '../directory/directory.ts'
import type { Principal } from '../principal.ts'
import { credentialOf, hasAll, hasGrants } from './sign-in-basis.ts'
import type { OwnToken, TokenFacts } from './trusted-issuer.ts'

/**
 * Whether the directory still lets a token's principal be who the token says. A token never outlives what it
 * was given for: its holder or client removed or disabled, moved to another organization, given another password or
 * secret, or stripped of an authority or of the grant that the token was got by.
 */
export function hasStanding(directory: Directory, { principal, own }: TokenFacts): boolean {
  if (own === undefined) return foreignHasStanding(directory, principal)
  const { isClient, userId, clientId } = principal
  const client = directory.clients.get(clientId)
  const grantedBy = { isClient, isRefreshable: own.sessionKey !== undefined }
  if (client?.enabled !== true || !hasGrants(client, grantedBy)) return false
  if (isClient) return holds(client, client.secretHashes, principal, own)
  const user = directory.users.get(userId)
  return holds(user, user === undefined ? [] : [user.passwordHash], principal, own)
}

function holds(
  holder: User | OAuthClient | undefined,
  hashes: readonly string[],
  { organizationId, authorities }: Principal,
  { credential }: OwnToken,
): boolean {
  if (holder?.enabled !== true || holder.organizationId !== organizationId) return false
  const isSameSecret = credential === undefined || hashes.some((hash) => credential === credentialOf(hash))
  return isSameSecret && hasAll(holder.authorities, authorities)
}

/** A foreign user need not be in the directory; one who is there and disabled stays out, and nobody poses as a client. */
function foreignHasStanding({ users, clients }: Directory, { userId, organizationId }: Principal): boolean {
  if (clients.has(userId)) return false
  const user = users.get(userId)
  return user === undefined || user.organizationId !== organizationId || user.enabled
}
