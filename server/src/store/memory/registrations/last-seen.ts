import type { WallBounds } from '../../../clock/clock.ts'
import { LAST_SEEN_MAX, LAST_SEEN_MS } from '../../bounds.ts'
import type { LastSeenStore, UserKey } from '../../store.ts'
import { assertOpen, type Gate } from '../gate.ts'

/** When users were last seen, wall-clock milliseconds, longest untouched first. */
export type LastSeen = Map<string, number>

type Seen = UserKey & { readonly lastKeepAliveAtWallMs: number }

/** Who is registered now, and who was. */
type Everybody = {
  readonly byEndpoint: ReadonlyMap<string, { readonly registration: Seen }>
  readonly lastSeen: LastSeen
}

export function memoryLastSeen(slots: Everybody, wall: WallBounds, gate: Gate): LastSeenStore {
  return {
    async find(user) {
      assertOpen(gate)
      const key = keyOf(user)
      const own = [...slots.byEndpoint.values()].filter(({ registration }) => keyOf(registration) === key)
      const times = own.map(({ registration }) => registration.lastKeepAliveAtWallMs)
      const seenAtWallMs = Math.max(0, ...times, slots.lastSeen.get(key) ?? 0)
      const isKnown = seenAtWallMs > 0 && wall.earliestMs() < seenAtWallMs + LAST_SEEN_MS
      return isKnown ? seenAtWallMs : undefined
    },
  }
}

/** A registration has ended. */
export function noteLastSeen(lastSeen: LastSeen, registration: Seen): void {
  const key = keyOf(registration)
  const seenAtWallMs = Math.max(registration.lastKeepAliveAtWallMs, lastSeen.get(key) ?? 0)
  lastSeen.delete(key)
  lastSeen.set(key, seenAtWallMs)
  for (const oldest of lastSeen.keys()) {
    if (lastSeen.size <= LAST_SEEN_MAX) break
    lastSeen.delete(oldest)
  }
}

export function forgetLastSeen(lastSeen: LastSeen, user: UserKey): void {
  lastSeen.delete(keyOf(user))
}

/** Users of an organization whose registrations have ended. */
export function lastSeenIds(lastSeen: LastSeen, organizationId: string): readonly string[] {
  const names = [...lastSeen.keys()].map((key): readonly string[] => JSON.parse(key))
  return names.flatMap(([organization, userId]) =>
    organization === organizationId && userId !== undefined ? [userId] : [],
  )
}

function keyOf({ organizationId, userId }: UserKey): string {
  return JSON.stringify([organizationId, userId])
}
