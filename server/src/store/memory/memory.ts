import { type Clock, startServiceTime } from '../../clock/clock.ts'
import {
  BOOK_BOUNDS,
  type BookBounds,
  ENTRY_BYTES,
  FEED_BOUNDS,
  HISTORY_BOUNDS,
  type HistoryBounds,
} from '../bounds.ts'
import { HeldLinks } from '../held-links.ts'
import { Leases } from '../leases.ts'
import { revokedTokenKind, revokedUserKind, SIGNING_KEY_KIND } from '../list-kinds.ts'
import type { Moment } from '../moment.ts'
import { LEAST_AFTER_START_MS } from '../recovery.ts'
import type { FeedBounds, OnMailboxEnded, OnTiding, Store, StoreGauges, StoreTotals } from '../store.ts'
import { memoryAudit } from './audit/audit.ts'
import { memoryCharts } from './charts/charts.ts'
import { memoryDeadLetters } from './feed/dead-letters.ts'
import { Feed, memoryFeed } from './feed/feed.ts'
import { memoryWebhooks } from './feed/webhooks.ts'
import { assertOpen, type Gate } from './gate.ts'
import { History, memoryHistory } from './history/history.ts'
import { Calls } from './mailboxes/call-book.ts'
import { bytesOf } from './mailboxes/mailboxes.ts'
import { memoryReplies, ReplyBook } from './mailboxes/replies.ts'
import { memoryLastSeen } from './registrations/last-seen.ts'
import { memoryNeighbours } from './registrations/neighbour-store.ts'
import { Neighbours, Nodes } from './registrations/neighbours.ts'
import type { RegistrationParts } from './registrations/registrations.ts'
import { createSlots, type Links, liftAll, removeSlot, type Slots } from './registrations/slots.ts'
import { memoryUsers } from './registrations/users.ts'
import { memoryDirectory } from './tokens/directory.ts'
import { type MemoryRefreshFamilies, memoryRefreshFamilies } from './tokens/refresh-families.ts'
import { memorySharedList } from './tokens/shared-list.ts'
import { memoryView, type SharedParts } from './view.ts'

/** With what an oracle needs besides. */
export type MemoryStore = Store & {
  /**
   * Does to deadlines what a restart does in an engine that survives one.
   *
   * @param fromMs up to when the other had heard everybody
   */
  restarted(fromMs: number): void
  /** The same store as one process of several has it, under the incarnation that it has at each call. */
  openFor(node: () => string, onTiding: OnTiding): Store
}

/**
 * A store that forgets everything with the process, and takes the shortest way to each guarantee instead of
 * the fastest: for tests, ours and those of apps (`--memory`), and as the oracle that other engines are compared with. Nothing
 * in it ever fails.
 */
export function createMemoryStore({
  clock,
  historyBounds = HISTORY_BOUNDS,
  feedBounds = FEED_BOUNDS,
  bookBounds = BOOK_BOUNDS,
  onMailboxEnded,
}: {
  readonly clock: Clock
  readonly historyBounds?: HistoryBounds
  readonly feedBounds?: FeedBounds
  readonly bookBounds?: BookBounds
  readonly onMailboxEnded?: OnMailboxEnded
}): MemoryStore {
  const gate: Gate = { open: true }
  const slots = createSlots(bookBounds)
  const feed = new Feed(feedBounds, clock)
  const calls = new Calls()
  const serviceTime = startServiceTime(clock, {
    startMs: clock.wallMs(),
    onStandstill: (standstill) => liftAll(slots, { ...standstill, leastMs: 0 }),
  })
  const { wall } = serviceTime
  const replies = new ReplyBook(bookBounds, serviceTime)
  const history = new History(wall, historyBounds)
  const families = memoryRefreshFamilies(serviceTime, bookBounds, gate)
  const now = (): Moment => ({
    nowMs: serviceTime.nowMs(),
    heardMs: serviceTime.heardMs(),
    nowWallMs: clock.wallMs(),
  })
  const record: RegistrationParts['record'] = (type, held, reason, { nowWallMs }) =>
    feed.add(type, held, reason, nowWallMs)
  const forget: SharedParts['forget'] = (slot, reason, { nowWallMs }) => {
    for (const { sequence } of slot.mailbox) history.note(sequence, 'discarded', nowWallMs, reason)
    if (slot.mailbox.length > 0) onMailboxEnded?.(slot.registration.organizationId, slot.mailbox.length)
    removeSlot(slots, slot)
  }
  const links: Links = new HeldLinks()
  const nodes = new Nodes()
  const parts: SharedParts = { slots, links, replies, calls, history, feed, gate, now, record, forget }
  const alone = new Neighbours({ nodes, links, self: () => undefined, onTiding: () => undefined })
  const leases = new Leases()
  const webhooksOf = (self: () => string | undefined) =>
    memoryWebhooks(feed, serviceTime, clock, gate, leases, self)
  const store: Store = {
    ...memoryView(parts, alone),
    replies: memoryReplies(replies, gate),
    history: memoryHistory(history, clock, gate),
    feed: memoryFeed(feed, clock, gate),
    webhooks: webhooksOf(() => undefined),
    deadLetters: memoryDeadLetters(feed.deadLetters, gate),
    refreshFamilies: families,
    revokedTokens: memorySharedList(revokedTokenKind(bookBounds), wall, gate),
    revokedUsers: memorySharedList(revokedUserKind(bookBounds), wall, gate),
    lastSeen: memoryLastSeen(slots, wall, gate),
    users: memoryUsers(slots, serviceTime, gate),
    signingKeys: memorySharedList(SIGNING_KEY_KIND, wall, gate),
    directory: memoryDirectory(gate),
    audit: memoryAudit(bookBounds, wall, gate),
    charts: memoryCharts(wall, gate),
    serviceTime,
    failure: () => undefined,
    warnings: () => [],
    async totals(organizationId) {
      assertOpen(gate)
      return count(slots, organizationId)
    },
    gauges: gaugesOf({ slots, replies, feed, history, families }),
    hold: () => () => undefined,
    async close() {
      gate.open = false
      serviceTime.close()
    },
  }
  return {
    ...store,
    openFor: (node, onTiding) => ({
      ...store,
      ...memoryView(parts, new Neighbours({ nodes, links, self: node, onTiding })),
      webhooks: webhooksOf(node),
      feed: memoryFeed(feed, clock, gate, node),
      neighbours: memoryNeighbours(node, nodes, { ...parts, leases }),
      close: async () => undefined,
    }),
    restarted(fromMs) {
      links.clear()
      liftAll(slots, { fromMs, toMs: serviceTime.nowMs(), leastMs: LEAST_AFTER_START_MS })
    },
  }
}

function gaugesOf({
  slots,
  replies,
  feed,
  history,
  families,
}: {
  readonly slots: Slots
  readonly replies: ReplyBook
  readonly feed: Feed
  readonly history: History
  readonly families: MemoryRefreshFamilies
}): StoreGauges {
  return {
    mailboxDiskBytes(organizationId) {
      const { mailboxBytes, mailboxEvents } = count(slots, organizationId)
      return mailboxBytes + mailboxEvents * ENTRY_BYTES
    },
    evicted: () => ({
      idempotencyKeys: replies.evicted,
      feedEvents: feed.dropped + feed.deadLetters.dropped,
      signIns: families.evicted(),
      lastSeen: slots.lastSeen.evicted,
      historyBytes: history.evictedBytes,
    }),
  }
}

function count(slots: Slots, organizationId: string | undefined): StoreTotals {
  const counted = [...slots.byId.values()].filter(
    ({ registration }) => organizationId === undefined || registration.organizationId === organizationId,
  )
  const mailboxes = counted.map((slot) => slot.mailbox)
  return {
    registrations: counted.length,
    mailboxEvents: mailboxes.reduce((events, mailbox) => events + mailbox.length, 0),
    mailboxBytes: mailboxes.reduce((bytes, mailbox) => bytes + bytesOf(mailbox), 0),
  }
}
