import { createHash } from 'node:crypto'
import type { OAuthClient, User } from '../directory/directory.ts'

/**
 * Names a password or secret by its hash in the directory, so that what was issued before it was changed can be told.
 * Useless to whoever reads it: it is a digest of a hash that has a salt of its own or is of a random secret. `undefined`
 * where there is no secret.
 */
export function credentialOf(hash: string | undefined): string | undefined {
  if (hash === undefined) return undefined
  return createHash('sha256').update(`credential ${hash}`).digest('base64url').slice(0, 16)
}

/** What a sign-in of a user rests on: the password, and the authorities that it gives out. */
export function basisOf({ passwordHash, authorities }: User): string {
  return [credentialOf(passwordHash), ...authorities].join(' ')
}

/** Whether all of that still holds. An authority that was added takes nothing away. */
export function stillRests(basis: string, user: User): boolean {
  // Of an earlier version, which did not write it: the next use of its token does.
  if (basis === '') return true
  const [credential, ...authorities] = basis.split(' ')
  return credential === credentialOf(user.passwordHash) && hasAll(user.authorities, authorities)
}

/** The grant by which a token of this kind was got, which its client must still have. */
export function hasGrants(client: OAuthClient, { isClient, isRefreshable }: GrantedBy): boolean {
  if (isClient) return client.grants.has('client_credentials')
  return client.grants.has('password') && (!isRefreshable || client.grants.has('refresh_token'))
}

type GrantedBy = {
  readonly isClient: boolean
  /** Whether there is a refresh token besides. */
  readonly isRefreshable: boolean
}

export function hasAll<T>(held: readonly T[], wanted: readonly T[]): boolean {
  return wanted.every((one) => held.includes(one))
}
