import type { ServiceTime } from '../../../clock/clock.ts'
import { cut } from '../../cut.ts'
import type { KnownUser, Range, UserStore } from '../../store.ts'
import { assertOpen, type Gate } from '../gate.ts'
import { lastSeenIds, memoryLastSeen } from './last-seen.ts'
import { listLive, type Slots } from './slots.ts'

export function memoryUsers(slots: Slots, serviceTime: ServiceTime, gate: Gate): UserStore {
  const lastSeen = memoryLastSeen(slots, serviceTime.wall, gate)
  const know = async (organizationId: string, userId: string): Promise<KnownUser[]> => {
    const user = { organizationId, userId }
    const lastSeenWallMs = await lastSeen.find(user)
    const isThere = lastSeenWallMs !== undefined || listLive(slots, user, serviceTime.heardMs()).length > 0
    return isThere ? [{ userId, lastSeenWallMs }] : []
  }
  return {
    async list(organizationId, range) {
      assertOpen(gate)
      const registered = [...slots.byEndpoint.values()]
        .filter(({ registration }) => registration.organizationId === organizationId)
        .map(({ registration }) => registration.userId)
      const ids = [...registered, ...lastSeenIds(slots.lastSeen, organizationId)]
      const known = await Promise.all(inRange(ids, range).map((userId) => know(organizationId, userId)))
      const [users, next] = cut(known.flat(), range.max, ({ userId }) => userId)
      return { users, next }
    },
    async organizations(range) {
      assertOpen(gate)
      const ids = [...slots.byId.values()].map(({ registration }) => registration.organizationId)
      const [organizationIds, next] = cut(inRange(ids, range), range.max, (id) => id)
      return { organizationIds, next }
    },
  }
}

function inRange(ids: readonly string[], { prefix, after }: Range): readonly string[] {
  return [...new Set(ids)].filter((id) => id.startsWith(prefix) && id > after).sort()
}
