import type { KnownUser, Range, UserStore } from '../../store.ts'
import { list, number, optional, text, texts } from '../connection/answers.ts'
import type { Answer } from '../connection/wire.ts'
import { type Engine, earliest } from '../engine.ts'

/** Names are in the order of their bytes here: of all but the rarest letters that is the order of their code units. */
export function redisUsers(engine: Engine): UserStore {
  return {
    async list(organizationId, range) {
      const found = await Promise.all(
        engine.partitions.all.map((partition) => pageOf(engine, partition, organizationId, range)),
      )
      const sorted = found.flat().sort((a, b) => compare(a.userId, b.userId))
      const [users, next] = cut(sorted, range.max, ({ userId }) => userId)
      return { users, next }
    },
    async organizations(range) {
      const found = (await engine.functions.callAll('quick', 'organizations')).flatMap(texts)
      const isWanted = (id: string) => id.startsWith(range.prefix) && compare(id, range.after) > 0
      const sorted = [...new Set(found)].filter(isWanted).sort(compare)
      const [organizationIds, next] = cut(sorted, range.max, (id) => id)
      return { organizationIds, next }
    },
  }
}

/** One more than asked for of one partition, where it has so many. */
async function pageOf(
  engine: Engine,
  partition: number,
  organizationId: string,
  { prefix, after, max }: Range,
): Promise<readonly KnownUser[]> {
  const found: KnownUser[] = []
  const to = prefix === '' ? '+' : Buffer.concat([Buffer.from(`[${prefix}`), Buffer.of(255)])
  let from = compare(after, prefix) >= 0 && after !== '' ? `(${after}` : `[${prefix}`
  while (found.length <= max) {
    const args = [organizationId, from, to, max + 1, earliest(engine)]
    const [last, ...users] = list(await engine.functions.call('quick', 'users_page', partition, args))
    found.push(...users.map(toUser))
    const name = optional(last, text)
    if (name === undefined) break
    from = `(${name}`
  }
  return found
}

function toUser(answer: Answer): KnownUser {
  const [userId, seen] = list(answer)
  return { userId: text(userId), lastSeenWallMs: optional(seen, number) }
}

function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
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
