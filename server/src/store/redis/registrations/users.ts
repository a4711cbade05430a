import { cut } from '../../cut.ts'
import type { KnownUser, Range, UserStore } from '../../store.ts'
import { list, number, optional, text, texts } from '../connection/answers.ts'
import type { Answer } from '../connection/wire.ts'
import { type Engine, earliest } from '../engine.ts'

/** Users that one partition is asked for at once, beside its share. */
const SLICE_MIN = 4

/** Names are in the order of their bytes here: of all but the rarest letters that is the order of their code units. */
export function redisUsers(engine: Engine): UserStore {
  return {
    async list(organizationId, range) {
      const sorted = await firstOf(engine, organizationId, range)
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

/** One partition's users in their order, some at a time. */
class UserPages {
  readonly #engine: Engine
  readonly #partition: number
  readonly #wanted: readonly [organizationId: string, to: string | Buffer, max: number]
  #from: string
  #page: KnownUser[] = []
  #isEnd = false

  constructor(engine: Engine, partition: number, organizationId: string, { prefix, after, max }: Range) {
    this.#engine = engine
    this.#partition = partition
    const to = prefix === '' ? '+' : Buffer.concat([Buffer.from(`[${prefix}`), Buffer.of(255)])
    this.#wanted = [organizationId, to, Math.ceil((2 * max) / engine.partitions.count) + SLICE_MIN]
    this.#from = compare(after, prefix) >= 0 && after !== '' ? `(${after}` : `[${prefix}`
  }

  get first(): KnownUser | undefined {
    return this.#page[0]
  }

  get mustFetch(): boolean {
    return this.#page.length === 0 && !this.#isEnd
  }

  take(): void {
    this.#page.shift()
  }

  /** Names of whom nothing is known any more are passed over. */
  async fetch(): Promise<void> {
    const [organizationId, to, max] = this.#wanted
    while (this.mustFetch) {
      const args = [organizationId, this.#from, to, max, earliest(this.#engine)]
      const answer = await this.#engine.functions.call('quick', 'users_page', this.#partition, args)
      const [last, ...users] = list(answer)
      this.#page = users.map(toUser)
      const name = optional(last, text)
      this.#isEnd = name === undefined
      this.#from = `(${name ?? ''}`
    }
  }
}

/** Of all partitions, one more than asked for where there are so many. */
async function firstOf(engine: Engine, organizationId: string, range: Range): Promise<readonly KnownUser[]> {
  const all = engine.partitions.all.map(
    (partition) => new UserPages(engine, partition, organizationId, range),
  )
  const found: KnownUser[] = []
  while (found.length <= range.max) {
    await Promise.all(all.filter(({ mustFetch }) => mustFetch).map((pages) => pages.fetch()))
    const next = smallestOf(all)
    if (next?.first === undefined) return found
    found.push(next.first)
    next.take()
  }
  return found
}

function smallestOf(all: readonly UserPages[]): UserPages | undefined {
  let smallest: UserPages | undefined
  for (const pages of all) {
    if (pages.first === undefined) continue
    if (smallest?.first === undefined || compare(pages.first.userId, smallest.first.userId) < 0)
      smallest = pages
  }
  return smallest
}

function toUser(answer: Answer): KnownUser {
  const [userId, seen] = list(answer)
  return { userId: text(userId), lastSeenWallMs: optional(seen, number) }
}

function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
