import { type Clock, type ServiceTime, startServiceTime } from '../../clock/clock.ts'
import {
  BOOK_BOUNDS,
  type BookBounds,
  ENTRY_BYTES,
  FEED_BOUNDS,
  HISTORY_BOUNDS,
  type HistoryBounds,
} from '../bounds.ts'
import { revokedTokenKind, revokedUserKind, SIGNING_KEY_KIND } from '../list-kinds.ts'
import type { FeedBounds, FeedStore, OnMailboxEnded, Store } from '../store.ts'
import { type StoreLog, silentLog } from '../store-log.ts'
import { type RedisAudit, redisAudit } from './audit/audit.ts'
import { redisCharts } from './charts/charts.ts'
import { Functions } from './connection/functions.ts'
import { type Lanes, makeLanes, openLanes, State } from './connection/lanes.ts'
import { PARTITIONS, Partitions } from './connection/partitions.ts'
import type { Address, Answer } from './connection/wire.ts'
import { Due } from './due.ts'
import type { Engine } from './engine.ts'
import { redisErasure } from './erasure.ts'
import { redisDeadLetters } from './feed/dead-letters.ts'
import { type FeedListeners, redisFeed } from './feed/feed.ts'
import { Outboxes } from './feed/outboxes.ts'
import { redisWebhooks } from './feed/webhooks.ts'
import { Heart } from './heart.ts'
import { Eviction } from './history/eviction.ts'
import { redisHistory } from './history/history.ts'
import { LateWrites } from './history/late-writes.ts'
import { RecordHints } from './history/record-hints.ts'
import { Known } from './known.ts'
import { Losses } from './losses.ts'
import { redisCalls } from './mailboxes/calls.ts'
import { redisMailboxes } from './mailboxes/mailboxes.ts'
import { redisReplies } from './mailboxes/replies.ts'
import { settleMeta } from './meta.ts'
import { redisLastSeen } from './registrations/last-seen.ts'
import { redisLinks } from './registrations/links.ts'
import { redisRegistrations } from './registrations/registrations.ts'
import { totals } from './registrations/totals.ts'
import { redisUsers } from './registrations/users.ts'
import { sweep } from './sweep.ts'
import { takeUp } from './take-up.ts'
import { redisDirectory } from './tokens/directory.ts'
import { REVOKED_TOKEN_ROWS, REVOKED_USER_ROWS, signingKeyRows } from './tokens/list-rows.ts'
import { redisRefreshFamilies } from './tokens/refresh-families.ts'
import { redisSharedList } from './tokens/shared-list.ts'

/** How often time goes on, and how long another process that is silent is waited for, milliseconds. */
const BEAT_MS = 250
const HOLD_MS = 10_000

export type OpenEngineOptions = {
  readonly address: Address
  /** What all keys begin with. Default: `rc:`. */
  readonly prefix?: string
  /** Into how many parts a new store is divided. Default: 256. */
  readonly partitions?: number
  /** How many replicas have what is durable. Default: 0, none is waited for. */
  readonly replicas?: number
  /** Names this process. Whoever else has the store is waited for. */
  readonly holder: string
  /** How long another that is silent is waited for, milliseconds. Default: 10 s. */
  readonly holdMs?: number
  readonly clock: Clock
  /** What connections are timed by, where that is another clock: for tests. */
  readonly wireClock?: Clock
  /** Redis's own time in its place: for tests. */
  readonly timeMs?: () => number
  /** How often time goes on, milliseconds. Default: 250. */
  readonly beatMs?: number
  readonly historyBounds?: HistoryBounds
  readonly feedBounds?: FeedBounds
  readonly bookBounds?: BookBounds
  /** Names the sealing keys, newest first. */
  readonly fingerprints?: readonly string[]
  /** How secrets are written. Default: as they are. */
  readonly secrets?: { conceal(text: string): string; reveal(text: string): string }
  /** Whether requests are refused for want of time: service time stands still. Default: they never are. */
  readonly isOverloaded?: () => boolean
  readonly onMailboxEnded?: OnMailboxEnded
  /** Told once when another process has the store. Whoever is told should end. */
  readonly onLost?: (error: Error) => void
  readonly log?: StoreLog
  /** Told of each partition that is empty though it was begun. */
  readonly onDataLost?: () => void
}

/** A store with what tests need besides. */
export type OpenEngine = {
  readonly store: Store
  /** Nothing is under way. */
  idle(): Promise<void>
  /** As where the process dies. */
  kill(): void
}

export async function openEngine(options: OpenEngineOptions): Promise<OpenEngine> {
  const { clock, wireClock = clock, log = silentLog } = options
  const partitions = new Partitions(options.partitions ?? PARTITIONS, options.prefix ?? 'rc:')
  const state = new State(log, wireClock)
  const losses = new Losses()
  const lanes = makeLanes(options, partitions, state, losses)
  try {
    await openLanes(lanes, wireClock, state)
    return await build(options, partitions, { lanes, state, losses })
  } catch (error) {
    lanes.quick.close()
    lanes.durable.close()
    throw error
  }
}

async function build(
  options: OpenEngineOptions,
  partitions: Partitions,
  { lanes, state, losses }: { readonly lanes: Lanes; readonly state: State; readonly losses: Losses },
): Promise<OpenEngine> {
  const { clock, wireClock = clock, log = silentLog, holder, holdMs = HOLD_MS, fingerprints = [] } = options
  const { historyBounds = HISTORY_BOUNDS, feedBounds = FEED_BOUNDS, bookBounds = BOOK_BOUNDS } = options
  const listeners: FeedListeners = new Set()
  const known = new Known({
    percents: bookBounds,
    onMailboxEnded: options.onMailboxEnded,
    onFed(partition, organizationId) {
      outboxes.hasMore(partition)
      for (const listener of listeners) listener(organizationId)
    },
  })
  const [functions, inner] = makeFunctions(options, partitions, lanes, known)
  const outboxes = new Outboxes(inner, partitions, known, feedBounds)
  const taken = { functions: inner, partitions, known, fingerprints, holder, holdMs, wireClock, log }
  const serviceTime = startServiceTime(clock, {
    ...definedOf(await takeUp(taken)),
    tickMs: options.beatMs ?? BEAT_MS,
    isRefusing: () => !lanes.quick.isUp || options.isOverloaded?.() === true,
    onHeard: () => heart.beat(),
  })
  const due = new Due(partitions.count)
  const hints = new RecordHints(clock, partitions.count)
  const eviction = new Eviction(inner, known, historyBounds)
  const bounds = { historyBounds, feedBounds, bookBounds }
  const parts = { clock, functions, partitions, known, due, serviceTime, hints, outboxes, eviction, log }
  const engine: Engine = { ...parts, ...bounds }
  const onLost = () => {
    functions.shut()
    serviceTime.close()
    options.onLost?.(new Error('Another process has the store in Redis.'))
  }
  const audit = redisAudit(engine)
  const late = new LateWrites()
  const feed = redisFeed(engine, listeners)
  const mend = async () => {
    const lost = losses.take()
    if (lost.length === 0) return
    for (const partition of lost) known.forget(partition, (owner) => partitions.of(owner))
    await settleMeta(inner, { partitions: partitions.count, fingerprints })
    await feed.watchAgain()
  }
  const heart = new Heart({ engine, inner, audit, late, mend, clock, holder, holdMs, onLost })
  const ends = { heart, audit, late, feed, lanes, serviceTime, functions }
  const store = makeStore(engine, { ...ends, state, secrets: options.secrets ?? PLAIN })
  return { store, idle: () => idle(heart, lanes), kill: () => kill(ends) }
}

/** Those of the ports, which are shut first, and those of the engine itself. */
function makeFunctions(
  { clock, timeMs }: OpenEngineOptions,
  partitions: Partitions,
  lanes: Lanes,
  known: Known,
): readonly [Functions, Functions] {
  const onNotes = (partition: number, notes: readonly Answer[]) => known.note(partition, notes)
  const made = { partitions, clock, onNotes, ...(timeMs === undefined ? {} : { timeMs }), ...lanes }
  return [new Functions(made), new Functions(made)]
}

function definedOf({ startMs, earliestWallMs }: Awaited<ReturnType<typeof takeUp>>) {
  return { startMs, ...(earliestWallMs === undefined ? {} : { earliestWallMs }) }
}

async function idle(heart: Heart, { quick, durable }: Lanes): Promise<void> {
  await heart.idle
  await Promise.all([quick.idle(), durable.idle()])
  await heart.idle
}

function kill({ serviceTime, functions, lanes }: Pick<Ends, 'serviceTime' | 'functions' | 'lanes'>): void {
  serviceTime.close()
  functions.shut()
  lanes.quick.close()
  lanes.durable.close()
}

const PLAIN = { conceal: (secret: string) => secret, reveal: (secret: string) => secret }

type Ends = {
  readonly audit: RedisAudit
  readonly late: LateWrites
  readonly feed: FeedStore
  readonly heart: Heart
  readonly lanes: Lanes
  readonly serviceTime: ServiceTime & { close(): void }
  readonly functions: Functions
  readonly state: State
  readonly secrets: { conceal(text: string): string; reveal(text: string): string }
}

function makeStore(engine: Engine, ends: Ends): Store {
  const { known, eviction, bookBounds, serviceTime } = engine
  const { audit, late, feed, state, secrets } = ends
  const replies = redisReplies(engine)
  let closing: Promise<void> | undefined
  return {
    registrations: redisRegistrations(engine),
    links: redisLinks(engine),
    mailboxes: redisMailboxes(engine),
    calls: redisCalls(engine),
    replies,
    history: redisHistory(engine, late),
    feed,
    webhooks: redisWebhooks(engine),
    deadLetters: redisDeadLetters(engine),
    refreshFamilies: redisRefreshFamilies(engine),
    revokedTokens: redisSharedList(engine, revokedTokenKind(bookBounds), REVOKED_TOKEN_ROWS),
    revokedUsers: redisSharedList(engine, revokedUserKind(bookBounds), REVOKED_USER_ROWS),
    lastSeen: redisLastSeen(engine),
    users: redisUsers(engine),
    erasure: redisErasure(engine),
    charts: redisCharts(engine),
    directory: redisDirectory(engine),
    audit,
    signingKeys: redisSharedList(engine, SIGNING_KEY_KIND, signingKeyRows(secrets)),
    serviceTime,
    sweep: (max) => sweep(engine, max),
    failure: () => state.failure,
    warnings: () => state.warnings,
    totals: (organizationId) => totals(engine, organizationId),
    gauges: {
      mailboxDiskBytes(organizationId) {
        const { mailboxBytes, mailboxEvents } = known.waiting(organizationId)
        return mailboxBytes + mailboxEvents * ENTRY_BYTES
      },
      evicted: () => ({
        idempotencyKeys: replies.evicted(),
        feedEvents: known.feedDropped,
        historyBytes: eviction.evictedBytes,
      }),
    },
    // The lanes gather by themselves.
    hold: () => () => undefined,
    close() {
      closing ??= close(ends)
      return closing
    },
  }
}

/** What was asked before is carried out; the last beat says where time goes on. */
async function close({ heart, lanes, serviceTime, functions }: Ends): Promise<void> {
  functions.shut()
  serviceTime.close()
  await heart.stop().catch(() => undefined)
  lanes.quick.close()
  lanes.durable.close()
}
