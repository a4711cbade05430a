import { LAST_SEEN_MAX, LAST_SEEN_MS } from '../bounds.ts'
import type { LastSeenStore, Registration, UserKey } from '../store.ts'
import { assertOpen, type Gate } from './gate.ts'

/** When users were last seen, wall-clock milliseconds, longest untouched first. */
export type LastSeen = Map<string, number>

export function memoryLastSeen(lastSeen: LastSeen, gate: Gate): LastSeenStore {
  return {
    async find(user, nowWallMs) {
      assertOpen(gate)
      const seenAtWallMs = lastSeen.get(keyOf(user))
      return seenAtWallMs !== undefined && nowWallMs < seenAtWallMs + LAST_SEEN_MS ? seenAtWallMs : undefined
    },
  }
}

/** A registration has ended. */
export function noteLastSeen(lastSeen: LastSeen, registration: Registration): void {
  const key = keyOf(registration)
  const seenAtWallMs = Math.max(registration.lastKeepAliveAtWallMs, lastSeen.get(key) ?? 0)
  lastSeen.delete(key)
  lastSeen.set(key, seenAtWallMs)
  for (const oldest of lastSeen.keys()) {
    if (lastSeen.size <= LAST_SEEN_MAX) break
    lastSeen.delete(oldest)
  }
}

function keyOf({ organizationId, userId }: UserKey): string {
  return JSON.stringify([organizationId, userId])
}
