import { LAST_SEEN_MS } from '../../bounds.ts'
import type { LastSeenStore } from '../../store.ts'
import type { Engine } from '../engine.ts'
import { userName } from '../keys.ts'

export function embeddedLastSeen({ journal, lastSeen, serviceTime, table }: Engine): LastSeenStore {
  return {
    async find(user) {
      journal.assertOpen()
      const seenAtWallMs = Math.max(table.lastKeepAliveWallMs(user), lastSeen.get(userName(user)) ?? 0)
      const isKnown = seenAtWallMs > 0 && serviceTime.wall.earliestMs() < seenAtWallMs + LAST_SEEN_MS
      return isKnown ? seenAtWallMs : undefined
    },
  }
}
