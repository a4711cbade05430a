import type { Client, Directory, User } from './directory.ts'

/** What a reload of the directory means for tokens that are out. */
export type DirectoryChanges = {
  /** Ids of all users and clients of whom something changed that tokens are judged by. */
  readonly concerned: ReadonlySet<string>
  /** As they were before: everything issued to them before is over, also should they come back one day. */
  readonly endedUsers: readonly User[]
  readonly endedClients: readonly Client[]
}

type Judged = {
  readonly id: string
  readonly organizationId: string | null
  readonly authorities: readonly string[]
  readonly enabled: boolean
}

export function directoryChanges(before: Directory, after: Directory): DirectoryChanges {
  const concerned = new Set<string>()
  const endedUsers = compare(before.users, after.users, concerned)
  const endedClients = compare(before.clients, after.clients, concerned)
  return { concerned, endedUsers, endedClients }
}

/** Adds whoever changed to `concerned`; returns those that ended. */
function compare<T extends Judged>(
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
  concerned: Set<string>,
): readonly T[] {
  const ended: T[] = []
  for (const one of before.values()) {
    const now = after.get(one.id)
    if (now !== undefined && isSame(one, now)) continue
    concerned.add(one.id)
    if (hasEnded(one, now)) ended.push(one)
  }
  for (const id of after.keys()) if (!before.has(id)) concerned.add(id)
  return ended
}

/**
 * Removed, disabled, or in another organization; or enabled again, in case it was disabled while nobody looked.
 */
function hasEnded(before: Judged, now: Judged | undefined): boolean {
  return now === undefined || now.enabled !== before.enabled || now.organizationId !== before.organizationId
}

function isSame(one: Judged, other: Judged): boolean {
  return (
    one.enabled === other.enabled &&
    one.organizationId === other.organizationId &&
    one.authorities.length === other.authorities.length &&
    one.authorities.every((authority, index) => authority === other.authorities[index])
  )
}
