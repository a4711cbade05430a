import type { FeedTotals } from '../../feed.ts'
import type { FeedStore, Watch } from '../../store.ts'
import { list, number, texts } from '../connection/answers.ts'
import { atName, atUser, type Engine } from '../engine.ts'
import { isType, toFeedEntry } from './entries.ts'

/** Entries counted in one step. */
const COUNTED_MAX = 2_000

/** Who is told that something was added. */
export type FeedListeners = Set<(organizationId: string) => void>

/** With what is to be done where partitions were lost. */
export type RedisFeed = FeedStore & { watchAgain(): Promise<void> }

export function redisFeed(engine: Engine, listeners: FeedListeners): RedisFeed {
  let kept: readonly Watch[] | undefined
  return {
    async watchAgain() {
      if (kept !== undefined) await watch(engine, kept)
    },
    async watch(watches) {
      kept = watches
      engine.fed.watch(watches.map(({ organizationId }) => organizationId))
      await watch(engine, watches)
    },
    async noteSignInLocked(user) {
      await atUser(engine, 'quick', 'feed_note', user, [user.organizationId, user.userId])
    },
    onAdded(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    async read(organizationId, afterSequence, max) {
      // What is on its way from a partition that cannot be reached comes later.
      await engine.outboxes.empty().catch(() => undefined)
      const args = [organizationId, afterSequence, max]
      return list(await atName(engine, 'quick', 'feed_read', organizationId, args)).map(toFeedEntry)
    },
    count: (organizationId, afterSequence, types) => count(engine, organizationId, afterSequence, types),
    totals: () => totals(engine),
  }
}

/** What is told from now on is known in every partition; webhooks are at their organization's. */
async function watch(engine: Engine, watches: readonly Watch[]): Promise<void> {
  const kept = watches.flatMap(({ organizationId, types }) => [organizationId, `,${[...types].join(',')},`])
  await engine.outboxes.empty()
  // One that is away keeps the others from nothing: whoever asked asks again.
  const added = await Promise.allSettled(
    watches.map(({ organizationId, webhookIds }) =>
      atName(engine, 'durable', 'hook_add', organizationId, [organizationId, ...webhookIds]),
    ),
  )
  await engine.functions.callAll('durable', 'feed_watch', kept)
  for (const one of added) if (one.status === 'rejected') throw one.reason
}

async function count(
  engine: Engine,
  organizationId: string,
  afterSequence: number,
  types: ReadonlySet<string>,
): Promise<number> {
  await engine.outboxes.empty()
  let found = 0
  let after = String(afterSequence)
  for (;;) {
    const args = [organizationId, after, COUNTED_MAX]
    const [newest = after, ...kinds] = texts(
      await atName(engine, 'quick', 'feed_kinds', organizationId, args),
    )
    found += kinds.filter((kind) => isType(kind) && types.has(kind)).length
    if (kinds.length < COUNTED_MAX) return found
    after = newest
  }
}

async function totals(engine: Engine): Promise<FeedTotals> {
  await engine.outboxes.empty()
  const parts = (await engine.functions.callAll('quick', 'feed_totals')).map(list)
  const sum = (index: number) => parts.reduce((total, part) => total + number(part[index]), 0)
  return { entries: sum(0), bytes: sum(1), deadLetters: sum(2) }
}
