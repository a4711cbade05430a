import type { Directory, OAuthClient, User } from '../directory/directory.ts'
import type { Principal } from '../principal.ts'
import { credentialOf, hasAll, hasGrants } from './sign-in-basis.ts'
import type { OwnToken, TokenFacts } from './trusted-issuer.ts'

/**
 * Whether the directory still lets a token's principal be who the token says. A token never outlives what it
 * was given for: its holder or client removed or disabled, moved to another organization, given another password or
 * secret, or stripped of an authority or of the grant that the token was got by.
 */
export function hasStanding(
  directory: Directory,
  { principal, own }: TokenFacts,
  provider?: TrustedProvider,
): boolean {
  if (own === undefined) return foreignHasStanding(directory, principal)
  if (own.provider !== undefined) return isOf(own, provider) && mayComeFromProvider(directory, principal)
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

/** The identity provider that is configured now, and the settings that were gone by. */
export type TrustedProvider = { readonly issuer: string; readonly fingerprint: string }

/** Given by the settings of now: what others have given is nobody's any more. */
function isOf({ provider, credential }: OwnToken, trusted: TrustedProvider | undefined): boolean {
  return provider === trusted?.issuer && credential === trusted?.fingerprint
}

/** As foreign users, but for the organization: it is one of the directory. */
export function mayComeFromProvider(
  directory: Directory,
  person: Pick<Principal, 'userId' | 'organizationId'>,
): boolean {
  const { organizationId } = person
  const isThere = organizationId === null || directory.organizations.has(organizationId)
  return isThere && foreignHasStanding(directory, person)
}

/** A foreign user need not be in the directory; one who is there and disabled stays out, and nobody poses as a client. */
function foreignHasStanding(
  { users, clients }: Directory,
  { userId, organizationId }: Pick<Principal, 'userId' | 'organizationId'>,
): boolean {
  if (clients.has(userId)) return false
  const user = users.get(userId)
  const isAnother = user === undefined || (organizationId !== null && user.organizationId !== organizationId)
  return isAnother || user.enabled
}
