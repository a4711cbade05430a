import { LAST_SEEN_MS } from '../../bounds.ts'
import type { KnownUser, Range, UserStore } from '../../store.ts'
import type { Engine } from '../engine.ts'
import { userName } from '../keys.ts'
import { Rosters } from './rosters.ts'
import { SortedNames } from './sorted-names.ts'

export function embeddedUsers(engine: Engine): UserStore {
  const { journal, table } = engine
  const rosters = new Rosters(engine)
  return {
    async list(organizationId, range) {
      journal.assertOpen()
      const names = await rosters.of(organizationId)
      const users: KnownUser[] = []
      const gone: string[] = []
      let next: string | undefined
      for (const userId of inRange(names, range)) {
        const user = knownUser(engine, organizationId, userId)
        if (user === 'gone') gone.push(userId)
        else if (user !== undefined && users.length >= range.max) {
          next = users.at(-1)?.userId
          break
        } else if (user !== undefined) users.push(user)
      }
      for (const userId of gone) names.delete(userId)
      return { users, next }
    },
    async organizations(range) {
      journal.assertOpen()
      const names = new SortedNames()
      for (const id of table.whose.organizationIds()) if (id.startsWith(range.prefix)) names.add(id)
      const organizationIds: string[] = []
      for (const id of inRange(names, range)) {
        if (organizationIds.length >= range.max) return { organizationIds, next: organizationIds.at(-1) }
        organizationIds.push(id)
      }
      return { organizationIds, next: undefined }
    },
  }
}

/** `gone`: nothing is left of it. `undefined`: what is left is over, and not pruned yet. */
function knownUser(engine: Engine, organizationId: string, userId: string): KnownUser | 'gone' | undefined {
  const { lastSeen, serviceTime, table } = engine
  const user = { organizationId, userId }
  const seenWallMs = Math.max(table.lastKeepAliveWallMs(user), lastSeen.get(userName(user)) ?? 0)
  if (seenWallMs === 0) return 'gone'
  const isSeen = serviceTime.wall.earliestMs() < seenWallMs + LAST_SEEN_MS
  if (isSeen) return { userId, lastSeenWallMs: seenWallMs }
  const isThere = table.listLive(user, serviceTime.heardMs()).length > 0
  return isThere ? { userId, lastSeenWallMs: undefined } : undefined
}

function* inRange(names: SortedNames, { prefix, after }: Range): Generator<string> {
  for (const name of names.from(after > prefix ? after : prefix)) {
    if (!name.startsWith(prefix)) return
    if (name > after) yield name
  }
}
