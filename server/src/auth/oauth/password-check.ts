import type { Directory, DirectorySource, OAuthClient, User } from '../directory/directory.ts'
import { OAuthError } from './oauth-error.ts'
import type { SecretChecker } from './secret-checker.ts'

/** Finds the user by name and password. @throws OAuthError `invalid_grant`, `temporarily_unavailable` */
export type CheckPassword = (
  username: string,
  password: string,
  client: OAuthClient,
  place: string,
) => Promise<User>

// Of a random secret that nobody kept.
const DECOY_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$13DsYDVOu2rDtLY6ijHV0w$y7j56EjuAEbXQo61BMdNEVBvtztflvZAeTU0KnrhHxA'

/**
 * The resource owner password check (RFC 6749 §4.3). An unknown name costs as much time as a wrong password:
 * some hash of the directory is tried in vain, so that also its cost is the usual one.
 */
export function createPasswordCheck(
  directory: Pick<DirectorySource, 'current'>,
  secrets: Pick<SecretChecker, 'matches'>,
): CheckPassword {
  return async (username, password, client, place) => {
    const found = directory.current().usersByName.get(username)
    const hash = found?.passwordHash ?? decoyOf(directory.current())
    const isRight = await secrets.matches(password, hash, place)
    // The directory may have been reloaded meanwhile: the user as it is now counts.
    const user = found === undefined ? undefined : directory.current().users.get(found.id)
    if (!isRight || user?.passwordHash !== found?.passwordHash || !maySignIn(user, client))
      throw new OAuthError('invalid_grant', 'The user name or password is wrong.')
    return user
  }
}

function decoyOf({ users }: Directory): string {
  for (const { passwordHash } of users.values()) return passwordHash
  return DECOY_HASH
}

/** Whether `user` may sign in through `client`: one that belongs to an organization is for its users only. */
export function maySignIn(user: User | undefined, client: OAuthClient): user is User {
  if (user?.enabled !== true) return false
  return client.organizationId === null || client.organizationId === user.organizationId
}
