import type { LastSeenStore } from '../../store.ts'
import { number, optional } from '../connection/answers.ts'
import { atUser, type Engine, earliest } from '../engine.ts'

export function redisLastSeen(engine: Engine): LastSeenStore {
  return {
    async find(user) {
      const args = [user.organizationId, user.userId, earliest(engine)]
      return optional(await atUser(engine, 'quick', 'last_seen', user, args), number)
    },
  }
}
