import { createHash } from 'node:crypto'
import type { FeedTotals } from '../../feed.ts'
import type { FeedStore, Watch } from '../../store.ts'
import { isYes, list, number, texts } from '../connection/answers.ts'
import { atName, atUser, type Engine } from '../engine.ts'
import { isType, toFeedEntry } from './entries.ts'

/** How often a process says that it still has its webhooks, milliseconds: it is taken for gone after ten minutes. */
const SAY_EVERY_MS = 180_000
/** Entries counted in one step. */
const COUNTED_MAX = 2_000

/** Who is told that something was added. */
export type FeedListeners = Set<(organizationId: string) => void>

/** With what is to be done again: where partitions were lost, and so that nobody takes this process for one that is gone. */
export type RedisFeed = FeedStore & { watchAgain(): Promise<void>; sayAgain(): Promise<void> }

export function redisFeed(engine: Engine, listeners: FeedListeners): RedisFeed {
  let kept: readonly Watch[] | undefined
  let saidAtMs = engine.clock.monotonicMs()
  return {
    async watchAgain() {
      if (kept !== undefined) await watch(engine, kept)
    },
    async sayAgain() {
      if (kept === undefined || engine.clock.monotonicMs() - saidAtMs < SAY_EVERY_MS) return
      saidAtMs = engine.clock.monotonicMs()
      const digest = digestOf(rowsOf(kept))
      const said = await engine.functions.callReached('quick', 'feed_said', [engine.self(), digest])
      if (said.some(({ answer }) => !isYes(answer))) await watch(engine, kept)
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
  const rows = rowsOf(watches)
  await engine.outboxes.empty()
  // One that is away keeps the others from nothing: whoever asked asks again.
  const added = await Promise.allSettled(
    watches.map(({ organizationId, webhookIds }) =>
      atName(engine, 'durable', 'hook_add', organizationId, [organizationId, ...webhookIds]),
    ),
  )
  await engine.functions.callAll('durable', 'feed_watch', [engine.self(), digestOf(rows), ...rows])
  for (const one of added) if (one.status === 'rejected') throw one.reason
}

/** As `feed_watch` takes them; ids contain neither commas nor slashes. */
function rowsOf(watches: readonly Watch[]): readonly string[] {
  return watches.flatMap(({ organizationId, types, webhookIds }) => [
    organizationId,
    `,${[...types].sort().join(',')},`,
    `/${[...webhookIds].sort().join('/')}/`,
  ])
}

/** The same for processes that have the same. */
function digestOf(rows: readonly string[]): string {
  return createHash('sha256').update(rows.join('\n')).digest('base64url').slice(0, 16)
}

async function count(
  engine: Engine,
  organizationId: string,
  afterSequence: number,
  types: ReadonlySet<string>,
): Promise<number> {
  // As when they are read.
  await engine.outboxes.empty().catch(() => undefined)
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
