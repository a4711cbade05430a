import type { ServiceTime } from '../../../clock/clock.ts'
import type { KnownUser, Range, UserStore } from '../../store.ts'
import { assertOpen, type Gate } from '../gate.ts'
import { lastSeenIds, memoryLastSeen } from './last-seen.ts'
import { listLive, type Slots, toRegistration } from './slots.ts'

export function memoryUsers(slots: Slots, serviceTime: ServiceTime, gate: Gate): UserStore {
  const lastSeen = memoryLastSeen(slots, serviceTime.wall, gate)
  const know = async (organizationId: string, userId: string): Promise<KnownUser> => {
    const user = { organizationId, userId }
    const nowMs = serviceTime.nowMs()
    const live = listLive(slots, user, serviceTime.heardMs())
    return {
      userId,
      registrations: live.map(({ registration }) => toRegistration(registration, nowMs)),
      lastSeenWallMs: await lastSeen.find(user),
    }
  }
  return {
    async list(organizationId, range) {
      assertOpen(gate)
      const registered = [...slots.byEndpoint.values()]
        .filter(({ registration }) => registration.organizationId === organizationId)
        .map(({ registration }) => registration.userId)
      const ids = [...registered, ...lastSeenIds(slots.lastSeen, organizationId)]
      const known = await Promise.all(inRange(ids, range).map((userId) => know(organizationId, userId)))
      const isThere = ({ registrations, lastSeenWallMs }: KnownUser) =>
        registrations.length > 0 || lastSeenWallMs !== undefined
      const [users, next] = cut(known.filter(isThere), range.max, ({ userId }) => userId)
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

function cut<T>(
  all: readonly T[],
  max: number,
  idOf: (item: T) => string,
): readonly [page: readonly T[], next: string | undefined] {
  const page = all.slice(0, max)
  const last = page.at(-1)
  return [page, all.length > max && last !== undefined ? idOf(last) : undefined]
}
