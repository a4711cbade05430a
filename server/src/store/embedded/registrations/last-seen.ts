import { LAST_SEEN_MS } from '../../bounds.ts'
import type { LastSeenStore } from '../../store.ts'
import type { Engine } from '../engine.ts'
import { userName } from '../keys.ts'

export function embeddedLastSeen({ journal, lastSeen, table }: Engine): LastSeenStore {
  return {
    async find(user, nowWallMs) {
      journal.assertOpen()
      const seenAtWallMs = Math.max(table.lastKeepAliveWallMs(user), lastSeen.get(userName(user)) ?? 0)
      return seenAtWallMs > 0 && nowWallMs < seenAtWallMs + LAST_SEEN_MS ? seenAtWallMs : undefined
    },
  }
}
