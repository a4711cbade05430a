import { RollcallError } from '@rollcall/protocol/error-code'
import {
  type Clock,
  HeardTime,
  type ServiceTime,
  type Standstill,
  startServiceTime,
} from '../../clock/clock.ts'
import { BOOK_BOUNDS, type BookBounds, FEED_BOUNDS, HISTORY_BOUNDS, type HistoryBounds } from '../bounds.ts'
import { HeldLinks } from '../held-links.ts'
import { revokedTokenKind, revokedUserKind, SIGNING_KEY_KIND } from '../list-kinds.ts'
import { LEAST_AFTER_START_MS, type Recovery } from '../recovery.ts'
import type { FeedBounds, OnMailboxEnded, Store } from '../store.ts'
import { type StoreLog, silentLog } from '../store-log.ts'
import { embeddedAudit } from './audit/audit.ts'
import { AuditBook } from './audit/audit-book.ts'
import { ChartBook } from './charts/chart-book.ts'
import { embeddedCharts } from './charts/charts.ts'
import { refusingDamage } from './disk/refusing-damage.ts'
import type { Engine, Ids } from './engine.ts'
import { embeddedErasure } from './erasure.ts'
import { embeddedDeadLetters } from './feed/dead-letters.ts'
import { embeddedFeed } from './feed/feed.ts'
import { loadFeed } from './feed/feed-parts.ts'
import { embeddedWebhooks } from './feed/webhooks.ts'
import { embeddedGauges } from './gauges.ts'
import { embeddedHistory } from './history/history.ts'
import { HistoryBook } from './history/history-book.ts'
import { HistoryRetention } from './history/history-retention.ts'
import type { Commit } from './journal/commit.ts'
import { Journal } from './journal/journal.ts'
import { loadRegistrations } from './load.ts'
import { CallBook } from './mailboxes/call-book.ts'
import { embeddedCalls } from './mailboxes/calls.ts'
import { embeddedMailboxes } from './mailboxes/mailboxes.ts'
import { embeddedReplies, ReplyBook } from './mailboxes/replies.ts'
import { TermBook } from './mailboxes/term-book.ts'
import { embeddedLastSeen } from './registrations/last-seen.ts'
import { LastSeenBook } from './registrations/last-seen-book.ts'
import { embeddedLinks } from './registrations/links.ts'
import {
  addRecovery,
  NO_RECOVERIES,
  pruneRecoveries,
  readRecoveries,
  recoveriesChange,
} from './registrations/recoveries.ts'
import { RecoveryBook } from './registrations/recovery-book.ts'
import { embeddedRegistrations } from './registrations/registrations.ts'
import { StaleRecords } from './registrations/stale-records.ts'
import { embeddedUsers } from './registrations/users.ts'
import type { Rows } from './rows.ts'
import { assertFormat, FORMAT_CHANGE, readState, type StoreState, stateChange } from './state-row.ts'
import { sweep } from './sweep.ts'
import { embeddedDirectory } from './tokens/directory.ts'
import { DirectoryBook } from './tokens/directory-book.ts'
import { FamilyBook } from './tokens/family-book.ts'
import { REVOKED_TOKEN_ROWS, REVOKED_USER_ROWS, SIGNING_KEY_ROWS } from './tokens/list-rows.ts'
import { embeddedRefreshFamilies } from './tokens/refresh-families.ts'
import { embeddedSharedList, SharedListBook } from './tokens/shared-list.ts'

/** How often what nobody waits for is written, and what is over is pruned, milliseconds. */
const TICK_MS = 250
/**
 * Age of a heartbeat at which a tick writes a new one although nothing else changed, milliseconds. A little more than
 * one tick: so it is every second one, and never later.
 */
const HEARTBEAT_MS = 255
/** Rows looked at by one round of pruning, in each table. */
const PRUNED_MAX = 500

export type EmbeddedStoreOptions = {
  /** The disk. Closed with the store. */
  readonly rows: Rows
  readonly clock: Clock
  readonly log?: StoreLog
  /** How much history is kept. Default: 7 days, 1 GiB. */
  readonly historyBounds?: HistoryBounds
  /** How much the feed of changes keeps. Default: `FEED_BOUNDS`. */
  readonly feedBounds?: FeedBounds
  /** How much of the small books is kept that everybody writes in. Default: `BOOK_BOUNDS`. */
  readonly bookBounds?: BookBounds
  readonly onMailboxEnded?: OnMailboxEnded
  /** Whether requests are refused for want of time. Default: they never are. */
  readonly isOverloaded?: () => boolean
  /** Told when time goes on after the process stood still, or the disk refused. */
  readonly onStandstill?: (standstill: Standstill) => void
}

/**
 * Opens the embedded engine on any disk: everything but mailbox payloads is read into memory, and changes go
 * to disk through the journal.
 */
export async function openEmbeddedStore({
  rows: disk,
  clock,
  log = silentLog,
  historyBounds: bounds = HISTORY_BOUNDS,
  feedBounds = FEED_BOUNDS,
  bookBounds = BOOK_BOUNDS,
  onMailboxEnded,
  isOverloaded,
  onStandstill,
}: EmbeddedStoreOptions): Promise<Store> {
  const { rows, opened } = refusingDamage(disk)
  assertFormat(rows)
  const before = readState(rows)
  const state = before ?? initialState(clock)
  const recoveries =
    before === undefined ? NO_RECOVERIES : addRecovery(readRecoveries(rows), afterStart(before))
  const loaded = await loadRegistrations(rows, state.heartbeatMs, recoveries.list)
  const { table, payloads } = loaded
  const ids: Ids = { nextRegistrationId: state.nextRegistrationId, nextSequence: state.nextSequence }
  // Before anything is answered: from here on, a stop without `close` is an unclean one.
  const kept = pruneRecoveries(recoveries, state.heartbeatMs, table.periodMaxMs)
  const { earliestWallMs = clock.wallMs() } = state
  const started = stateChange({ ...state, earliestWallMs, isClean: false })
  await rows.commit([FORMAT_CHANGE, recoveriesChange(kept), started, ...payloads.orphans()])

  // Only now: nobody could send a keepalive while the rows were being read.
  const serviceTime = startServiceTime(clock, {
    startMs: state.heartbeatMs,
    earliestWallMs,
    isRefusing: () => journal.isRefusing || isOverloaded?.() === true,
    refusals: () => journal.refusals,
    onStandstill(standstill) {
      recovered.add(journal, standstill)
      log.info('the service stood still, and every endpoint has a full period from now', { ...standstill })
      onStandstill?.(standstill)
    },
  })
  const recovered = new RecoveryBook(table, kept)
  const stale = new StaleRecords(() => recovered.newest)
  const isDurable = (commitNumber: number) => journal.isDurable(commitNumber)
  const history = await HistoryBook.open({ rows, bounds, isDurable }, ids.nextSequence)
  const retention = new HistoryRetention(history)
  const heart = new Heart(serviceTime, ids, stale, history, () => unlessRefused(() => retention.trim()))
  // Not service time: that stands while the journal refuses.
  const pace = new HeardTime(clock)
  const running: Pick<Clock, 'after' | 'monotonicMs'> = {
    after: (delayMs, run) => clock.after(delayMs, run),
    monotonicMs: () => pace.nowMs(),
  }
  const journal = new Journal(rows, running, log, (commit, isLast) => heart.beat(commit, isLast))
  const lastSeen = new LastSeenBook(journal, bookBounds)
  const terms = new TermBook(journal)
  await terms.load(rows, loaded.terms)
  const calls = new CallBook(journal, rows)
  const feed = await loadFeed({ journal, rows, clock, log, bounds: feedBounds })
  const store = await assemble(
    {
      clock,
      rows,
      journal,
      table,
      links: new HeldLinks(),
      payloads: payloads.book,
      terms,
      calls,
      stale,
      lastSeen,
      history,
      feed,
      serviceTime,
      pace,
      ids,
      onMailboxEnded,
    },
    heart,
    retention,
    bookBounds,
  )
  opened()
  return store
}

function initialState(clock: Clock): StoreState {
  const nowMs = clock.wallMs()
  const times = { heartbeatMs: nowMs, heardMs: nowMs, earliestWallMs: nowMs }
  return { ...times, isClean: true, nextRegistrationId: 1, nextSequence: 1 }
}

/** Whoever lived when the service stopped, cleanly or not, could not be heard since. */
function afterStart({ heardMs, heartbeatMs }: StoreState): Recovery {
  return { fromMs: heardMs, toMs: heartbeatMs, leastMs: LEAST_AFTER_START_MS }
}

/** What is damaged cannot be pruned, and was told. */
function unlessRefused(run: () => void): void {
  try {
    run()
  } catch (error) {
    if (!(error instanceof RollcallError)) throw error
  }
}

/** Adds to every commit the state as of now, and all keepalives and history from before. */
class Heart {
  readonly #serviceTime: ServiceTime
  readonly #ids: Ids
  readonly #stale: StaleRecords
  readonly #history: HistoryBook
  readonly #trimHistory: () => void
  lastBeatMs = Number.NEGATIVE_INFINITY

  constructor(
    serviceTime: ServiceTime,
    ids: Ids,
    stale: StaleRecords,
    history: HistoryBook,
    trimHistory: () => void,
  ) {
    this.#serviceTime = serviceTime
    this.#ids = ids
    this.#stale = stale
    this.#history = history
    this.#trimHistory = trimHistory
  }

  beat(commit: Commit, isLast: boolean): void {
    this.#stale.writeInto(commit)
    this.#trimHistory()
    this.#history.writeInto(commit)
    const heartbeatMs = this.#serviceTime.nowMs()
    const heardMs = this.#serviceTime.heardMs()
    const times = { heartbeatMs, heardMs, earliestWallMs: this.#serviceTime.wall.earliestMs() }
    const { table, key, value } = stateChange({ ...times, isClean: isLast, ...this.#ids })
    commit.put(table, key, value)
    this.lastBeatMs = heartbeatMs
  }
}

async function assemble(
  engine: Engine,
  heart: Heart,
  retention: HistoryRetention,
  bounds: BookBounds,
): Promise<Store> {
  const { calls, clock, history, journal, lastSeen, rows, serviceTime, stale, table } = engine
  const replies = new ReplyBook(journal, bounds, serviceTime)
  const families = new FamilyBook(journal, bounds)
  const revoked = new SharedListBook(revokedTokenKind(bounds), REVOKED_TOKEN_ROWS, journal)
  const revokedUsers = new SharedListBook(revokedUserKind(bounds), REVOKED_USER_ROWS, journal)
  const signing = new SharedListBook(SIGNING_KEY_KIND, SIGNING_KEY_ROWS, journal)
  const directory = new DirectoryBook(journal)
  const audit = new AuditBook(journal, bounds)
  const charts = new ChartBook(journal, rows)
  const books = [calls, replies, families, revoked, revokedUsers, signing, directory, audit, lastSeen, charts]
  for (const book of books) await book.load(rows)

  const earliestWallMs = (): number => serviceTime.wall.earliestMs()
  const ticking = clock.every(TICK_MS, () => {
    const nowWallMs = earliestWallMs()
    for (const book of books) book.prune(nowWallMs, PRUNED_MAX)
    unlessRefused(() => retention.prune(nowWallMs))
    journal.tellStuck()
    unlessRefused(() => engine.feed.changes.tellMissed())
    const isDue = table.totals().registrations > 0 && serviceTime.nowMs() - heart.lastBeatMs >= HEARTBEAT_MS
    if (isDue || journal.isBehind || stale.size > 0 || history.isBehind) journal.flush()
  })
  let closing: Promise<void> | undefined
  async function close(): Promise<void> {
    ticking.cancel()
    serviceTime.close()
    engine.pace.close()
    try {
      await journal.close()
    } finally {
      await rows.close()
    }
  }
  return {
    registrations: embeddedRegistrations(engine),
    links: embeddedLinks(engine),
    mailboxes: embeddedMailboxes(engine, replies),
    calls: embeddedCalls(engine),
    replies: embeddedReplies(replies, journal),
    history: embeddedHistory({ book: history, clock, journal, wall: serviceTime.wall }),
    feed: embeddedFeed(engine),
    webhooks: embeddedWebhooks(engine),
    deadLetters: embeddedDeadLetters(engine.feed),
    refreshFamilies: embeddedRefreshFamilies(families, journal, serviceTime),
    revokedTokens: embeddedSharedList(revoked, journal, earliestWallMs),
    revokedUsers: embeddedSharedList(revokedUsers, journal, earliestWallMs),
    lastSeen: embeddedLastSeen(engine),
    users: embeddedUsers(engine),
    erasure: embeddedErasure(engine, replies, retention),
    signingKeys: embeddedSharedList(signing, journal, earliestWallMs),
    directory: embeddedDirectory(directory, journal),
    audit: embeddedAudit(audit, rows, journal, earliestWallMs),
    charts: embeddedCharts(charts, journal, serviceTime.wall),
    serviceTime,
    sweep: (max) => sweep(engine, max),
    failure: () => journal.failure(),
    warnings: () => rows.warnings?.() ?? [],
    async totals(organizationId) {
      journal.assertOpen()
      return table.totals(organizationId)
    },
    gauges: embeddedGauges(engine, replies, families),
    hold: () => journal.hold(),
    close() {
      closing ??= close()
      return closing
    },
  }
}
