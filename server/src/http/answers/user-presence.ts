import type { UserPresence } from '@rollcall/protocol/command'
import type { Sighting } from '../../store/store.ts'

/** Whether somebody is there, as those see it who may. */
export function userPresence(
  userId: string,
  sightings: readonly Sighting<'link'>[],
  seenAtWallMs: number | undefined,
): UserPresence {
  return {
    userId,
    registered: sightings.length,
    connected: sightings.filter(({ link }) => link !== undefined).length,
    lastSeenAt: seenAtWallMs === undefined ? null : new Date(seenAtWallMs).toISOString(),
  }
}

/** What was seen of each of some users of one organization. */
export function byUser(sightings: readonly Sighting<'link'>[]): ReadonlyMap<string, Sighting<'link'>[]> {
  const found = new Map<string, Sighting<'link'>[]>()
  for (const sighting of sightings) {
    const { userId } = sighting.registration
    const others = found.get(userId)
    if (others === undefined) found.set(userId, [sighting])
    else others.push(sighting)
  }
  return found
}
