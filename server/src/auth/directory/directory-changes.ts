import { hasAll } from '../tokens/sign-in-basis.ts'
import type { Directory, OAuthClient, User } from './directory.ts'

/** What a reload of the directory means for tokens that are out. */
export type DirectoryChanges = {
  /** Ids of all users and clients of whom something changed that tokens are judged by. */
  readonly concerned: ReadonlySet<string>
  /** As they were before: everything issued to them before is over, also should they come back one day. */
  readonly endedUsers: readonly User[]
  /** Likewise, with what was issued to users who signed in through them. */
  readonly endedClients: readonly OAuthClient[]
  /** Clients of which only what they got for themselves is over. */
  readonly endedSpeakers: readonly OAuthClient[]
}

type Judged = {
  readonly id: string
  readonly organizationId: string | null
  readonly authorities: readonly string[]
  readonly enabled: boolean
}

export function directoryChanges(before: Directory, after: Directory): DirectoryChanges {
  const users = changesOf(before.users, after.users, ({ passwordHash }) => passwordHash)
  const clients = changesOf(before.clients, after.clients, clientMarks)
  const hasLostGrant = ([one, now]: Change<OAuthClient>): boolean => !hasAll(grantsOf(now), grantsOf(one))
  const ofClients = clients.changed.filter((change) => hasEnded(change) || hasLostGrant(change))
  const ofSpeakers = clients.changed.filter((change) => hasNewSecret(change) || hasLost(change))
  const ofUsers = users.changed.filter(
    (change) => hasEnded(change) || hasLost(change) || change[0].passwordHash !== change[1]?.passwordHash,
  )
  return {
    concerned: new Set([...users.concerned, ...clients.concerned]),
    endedUsers: ofUsers.map(([user]) => user),
    endedClients: ofClients.map(([client]) => client),
    endedSpeakers: ofSpeakers.map(([client]) => client),
  }
}

type Change<T> = readonly [before: T, now: T | undefined]
type Changes<T> = { readonly changed: readonly Change<T>[]; readonly concerned: readonly string[] }

/** @param marksOf what tokens are judged by besides what users and clients have in common */
function changesOf<T extends Judged>(
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
  marksOf: (one: T) => string,
): Changes<T> {
  const changed: Change<T>[] = []
  for (const one of before.values()) {
    const now = after.get(one.id)
    if (now === undefined || !isSame(one, now) || marksOf(one) !== marksOf(now)) changed.push([one, now])
  }
  const added = [...after.keys()].filter((id) => !before.has(id))
  return { changed, concerned: [...changed.map(([{ id }]) => id), ...added] }
}

function clientMarks(client: OAuthClient): string {
  return [...[...client.secretHashes].sort(), ...grantsOf(client)].join(' ')
}

/**
 * None of its secrets is left. Where one is, its tokens live on, and those of a secret that is gone are told by the secret
 * that they name.
 */
function hasNewSecret([{ secretHashes }, now]: Change<OAuthClient>): boolean {
  const left = now?.secretHashes ?? []
  return secretHashes.length === 0 ? left.length > 0 : !secretHashes.some((hash) => left.includes(hash))
}

/** In one order, whatever the file's. */
function grantsOf(client: OAuthClient | undefined): readonly string[] {
  return [...(client?.grants ?? [])].sort()
}

/** Removed, disabled, or in another organization; or enabled again, in case it was disabled while nobody looked. */
function hasEnded([before, now]: Change<Judged>): boolean {
  return now === undefined || now.enabled !== before.enabled || now.organizationId !== before.organizationId
}

/** Stripped of an authority. */
function hasLost([before, now]: Change<Judged>): boolean {
  return now === undefined || !hasAll(now.authorities, before.authorities)
}

function isSame(one: Judged, other: Judged): boolean {
  return (
    one.enabled === other.enabled &&
    one.organizationId === other.organizationId &&
    hasAll(one.authorities, other.authorities) &&
    hasAll(other.authorities, one.authorities)
  )
}
