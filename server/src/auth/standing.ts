import type { Directory } from './directory.ts'
import type { Principal } from './principal.ts'
import type { TokenFacts } from './trusted-issuer.ts'

/**
 * Whether the directory still lets a token's principal be who the token says. A token never outlives what it
 * was given for: its holder or client removed or disabled, moved to another organization, or stripped of an
 * authority that the token still claims.
 */
export function hasStanding(directory: Directory, { principal, own }: TokenFacts): boolean {
  return own === undefined ? foreignHasStanding(directory, principal) : ownHasStanding(directory, principal)
}

function ownHasStanding(directory: Directory, principal: Principal): boolean {
  const { userId, clientId, isClient, organizationId, authorities } = principal
  const client = directory.clients.get(clientId)
  if (client?.enabled !== true) return false
  const holder = isClient ? client : directory.users.get(userId)
  return (
    holder?.enabled === true &&
    holder.organizationId === organizationId &&
    authorities.every((authority) => holder.authorities.includes(authority))
  )
}

/** A foreign user need not be in the directory; one who is there and disabled stays out, and nobody poses as a client. */
function foreignHasStanding({ users, clients }: Directory, { userId, organizationId }: Principal): boolean {
  if (clients.has(userId)) return false
  const user = users.get(userId)
  return user === undefined || user.organizationId !== organizationId || user.enabled
}
