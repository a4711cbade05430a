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
import type { RedisHappening, RedisHealth } from '../redis-health.ts'
import type {
  FeedBounds,
  FeedStore,
  OnMailboxEnded,
  OnTiding,
  Store,
  StoreWarning,
  UserKey,
} from '../store.ts'
import { type StoreLog, silentLog } from '../store-log.ts'
import { type RedisAudit, redisAudit } from './audit/audit.ts'
import { redisCharts } from './charts/charts.ts'
import { Functions, type FunctionsOptions } from './connection/functions.ts'
import { Lanes } from './connection/lanes.ts'
import { type Library, loadLibrary } from './connection/library.ts'
import { makeUpFor } from './connection/missing.ts'
import { CONTROL, PARTITIONS, Partitions } from './connection/partitions.ts'
import { Reach } from './connection/reach.ts'
import { State } from './connection/state.ts'
import type { Place } from './connection/topology/open-finder.ts'
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
import { Messages } from './messages/messages.ts'
import { type Meta, settleMeta } from './meta.ts'
import { Births } from './nodes/births.ts'
import { Changes } from './nodes/changes.ts'
import { Fed } from './nodes/fed.ts'
import { redisNeighbours } from './nodes/neighbours.ts'
import { tellTiding } from './nodes/tidings.ts'
import { OutOfReach } from './out-of-reach.ts'
import { redisLastSeen } from './registrations/last-seen.ts'
import { redisLinks } from './registrations/links.ts'
import { redisRegistrations } from './registrations/registrations.ts'
import { totals } from './registrations/totals.ts'
import { redisUsers } from './registrations/users.ts'
import { Soon } from './soon.ts'
import { sweep } from './sweep.ts'
import { begin, TakeUp } from './take-up.ts'
import { redisDirectory } from './tokens/directory.ts'
import { REVOKED_TOKEN_ROWS, REVOKED_USER_ROWS, signingKeyRows } from './tokens/list-rows.ts'
import { redisRefreshFamilies } from './tokens/refresh-families.ts'
import { redisSharedList } from './tokens/shared-list.ts'

/** How often time goes on, and how soon what was added to an outbox is moved, milliseconds. */
const BEAT_MS = 250
const MOVED_AFTER_MS = 20
/** Begins a notice that a feed has come further; another one says that a list has changed. */
const FED = 'fed '
const CHANGED = 'changed'

export type ConnectOptions = {
  readonly address: Address | Place
  /** What all keys begin with. Default: `rc:`. */
  readonly prefix?: string
  /** Into how many parts a new store is divided. Default: 256. */
  readonly partitions?: number
  /** How many replicas have what is durable. Default: 0, none is waited for. */
  readonly replicas?: number
  /** Tells this process from every other. */
  readonly id: string
  readonly clock: Clock
  /** What connections are timed by, where that is another clock: for tests. */
  readonly wireClock?: Clock
  /** Redis's own time in its place: for tests. */
  readonly timeMs?: () => number
  /** Names the sealing keys, newest first. */
  readonly fingerprints?: readonly string[]
  readonly log?: StoreLog
  /** Told of what became of a Redis, once each. */
  readonly onHappened?: (what: RedisHappening) => void
}

/** One process among several. */
export type NodeOptions = {
  /** Its incarnation. Default: its `id`. */
  readonly self?: () => string
  /** Whether it looks after a partition. Default: after all. */
  readonly sweeps?: (partition: number) => boolean
  readonly onTiding?: OnTiding
  /** Told of each partition that was lost, by whose users are concerned: what they had is gone. */
  readonly onDataLost?: (isConcerned: (user: UserKey) => boolean) => void
  /**
   * Told once of each time that a part of the store was not reached for a minute, by whose users are concerned: another process may
   * reach it. It says of nobody any more once it is reached again.
   */
  readonly onOutOfReach?: (isConcerned: (user: UserKey) => boolean) => void
}

export type OpenOptions = NodeOptions & {
  /** How often time goes on, milliseconds. Default: 250. */
  readonly beatMs?: number
  /** In the place of the minute of `onOutOfReach`, milliseconds: for tests. */
  readonly outOfReachMs?: number
  readonly historyBounds?: HistoryBounds
  readonly feedBounds?: FeedBounds
  readonly bookBounds?: BookBounds
  /** How secrets are written. Default: as they are. */
  readonly secrets?: { conceal(text: string): string; reveal(text: string): string }
  /** Whether requests are refused for want of time: service time stands still. Default: they never are. */
  readonly isOverloaded?: () => boolean
  readonly onMailboxEnded?: OnMailboxEnded
}

export type OpenEngineOptions = ConnectOptions & OpenOptions

/** A store with what tests need besides. */
export type OpenEngine = {
  readonly store: Store
  /** What others have changed of lists and directory until now has been told to whoever listens. */
  catchUp(): Promise<void>
  /** Nothing is under way. */
  idle(): Promise<void>
  /** As where the process dies. */
  kill(): void
}

/** A Redis that can be used, and what a process has of it before its store is open. */
export type Connected = {
  readonly functions: Functions
  readonly messages: Messages
  /** How Redis is doing, as this process sees it. Nobody is asked. */
  health(): RedisHealth
  open(options: OpenOptions): Promise<OpenEngine>
  /** Where it was not opened. */
  close(): void
}

type Ground = {
  readonly partitions: Partitions
  readonly library: Library
  readonly lanes: Lanes
  readonly reach: Reach
  readonly state: State
  readonly losses: Losses
  readonly messages: Messages
  readonly meta: Meta
}

export async function openEngine(options: OpenEngineOptions): Promise<OpenEngine> {
  const connected = await connect(options)
  try {
    return await connected.open(options)
  } catch (error) {
    connected.close()
    throw error
  }
}

/** @throws SetupError where Redis, or what is in it, cannot be used */
export async function connect(options: ConnectOptions): Promise<Connected> {
  const { fingerprints = [] } = options
  const { functions, close, ...rest } = reachFor(options)
  const { partitions, reach, messages } = rest
  try {
    await reach.open()
    const meta = await begin(functions, partitions, fingerprints)
    const ground: Ground = { ...rest, meta }
    return {
      ...{ functions, messages, close },
      health: () => reach.health,
      open: (more) => build({ ...options, ...more }, ground),
    }
  } catch (error) {
    close()
    throw error
  }
}

/** What a Redis is asked by, before anything is asked. */
export type Reached = Omit<Ground, 'meta'> & {
  readonly functions: Functions
  close(): void
}

export function reachFor(options: ConnectOptions): Reached {
  const { clock, wireClock = clock, log = silentLog, address, id } = options
  const partitions = new Partitions(options.partitions ?? PARTITIONS, options.prefix ?? 'rc:')
  const state = new State(log, wireClock, options.onHappened)
  const losses = new Losses()
  const library = loadLibrary()
  const { replicas = 0 } = options
  const reach: Reach = new Reach({
    ...{ address, clock: wireClock, library, partitions, replicas, state, log },
    onChange: () => lanes.flush(),
  })
  const lanes = new Lanes({
    ...{ clock: wireClock, partitions, group: library.group },
    sessionOf: reach.sessionOf,
    onRefused: reach.doubt,
    onMissing: makeUpFor({ library, partitions, losses, log }),
    onGivenUp: (partition, refusal) => state.refuses(partition, refusal),
    onTaken(partition, takesMemory) {
      state.takes(partition)
      if (takesMemory) state.hasRoom()
    },
    onFull: () => state.full(),
    onFault: (error) => state.fault(error),
  })
  const functions = makeFunctions(options, { library, partitions, lanes }, { onNotes: () => () => undefined })
  const onFailure = (error: Error) => state.noMessages(error)
  const { addressOf } = reach
  const messages = new Messages({ partitions, addressOf, clock: wireClock, id, onFailure })
  const close = () => closeConnections({ lanes, reach, messages })
  return { library, partitions, lanes, reach, state, losses, messages, functions, close }
}

async function build(options: OpenEngineOptions, ground: Ground): Promise<OpenEngine> {
  const { partitions, lanes, reach, state, losses, messages } = ground
  const { clock, wireClock = clock, log = silentLog, fingerprints = [], id, onDataLost } = options
  const { self = () => id, sweeps = () => true, onTiding = () => undefined } = options
  const { historyBounds = HISTORY_BOUNDS, feedBounds = FEED_BOUNDS, bookBounds = BOOK_BOUNDS } = options
  const listeners: FeedListeners = new Set()
  const tellFed = (organizationId: string): void => {
    for (const listener of listeners) listener(organizationId)
  }
  const known = new Known({
    percents: bookBounds,
    onMailboxEnded: options.onMailboxEnded,
    onFed(partition, organizationId) {
      outboxes.hasMore(partition)
      tellFed(organizationId)
      moving.soon()
    },
    onWaiting: (partition) => outboxes.hasMore(partition),
    onTiding: (partition, tiding) => tellTiding(onTiding, self(), partition, tiding),
  })
  const onNotes = (partition: number, notes: readonly Answer[]) => known.note(partition, notes)
  const isServed = (partition: number): boolean => takeUp.has(partition)
  const isUp = (partition: number): boolean => reach.isUp(partition) && takeUp.has(partition)
  const functions = makeFunctions(options, ground, { onNotes, isServed })
  const inner = makeFunctions(options, ground, { onNotes, isServed })
  const onMoved = (organizationId: string) => messages.broadcast(`${FED}${organizationId}`)
  const outboxes = new Outboxes(inner, partitions, known, feedBounds, { isUp, onMoved })
  const moving = new Soon(clock, MOVED_AFTER_MS, () => outboxes.empty())
  const lost = (partition: number): void => {
    known.forget(partition)
    onDataLost?.((user) => partitions.ofUser(user) === partition)
  }
  const births = birthsOf(options, ground, lost)
  const changes = new Changes(inner, clock)
  const fed = new Fed(inner, partitions, tellFed)
  const takeUp: TakeUp = new TakeUp({
    ...{ functions: makeFunctions(options, ground, { onNotes }), partitions, known, births, wireClock },
    isUp: (partition) => reach.isUp(partition),
  })
  const startMs = await takeUp.begin()
  await changes.begin()
  const serviceTime = startTime(options, ground, startMs, () => {
    takeUp.look()
    heart.beat()
  })
  const outOfReach = outOfReachOf(options, ground)
  const due = new Due(partitions.count)
  const hints = new RecordHints(clock, partitions.count)
  const eviction = new Eviction(inner, known, historyBounds)
  const bounds = { historyBounds, feedBounds, bookBounds }
  const marks = { losses, births, times: new Map<number, number>(), attached: new Set<number>() }
  const node = { self, sweeps, isUp, changes, fed, ...marks }
  const parts = { clock, functions, partitions, known, due, serviceTime, hints, outboxes, eviction, log }
  const engine: Engine = { ...parts, ...bounds, ...node }
  const audit = redisAudit(engine)
  const late = new LateWrites()
  const feed = redisFeed(engine, listeners)
  const mend = async () => {
    await feed.sayAgain().catch(() => undefined)
    const all = losses.take()
    if (all.length === 0) return
    for (const partition of all) births.forget(partition)
    for (const partition of all) lost(partition)
    await settleMeta(inner, { partitions: partitions.count, fingerprints })
    await feed.watchAgain()
  }
  const heart = new Heart({ engine, inner, audit, late, mend, clock })
  const below = { lanes, reach, messages, functions }
  const ends = { heart, audit, late, feed, ...below, serviceTime, changes, moving, outOfReach }
  changes.onOwn = () => messages.broadcast(CHANGED)
  await hearOthers(messages, changes, fed)
  const store = makeStore(engine, { ...ends, state, secrets: options.secrets ?? PLAIN })
  return { store, catchUp: () => changes.catchUp(), idle: () => idle(ends), kill: () => kill(ends) }
}

function startTime(options: OpenEngineOptions, ground: Ground, startMs: number, onHeard: () => void) {
  const { reach, meta } = ground
  return startServiceTime(options.clock, {
    startMs,
    ...(meta.earliestWallMs === undefined ? {} : { earliestWallMs: meta.earliestWallMs }),
    tickMs: options.beatMs ?? BEAT_MS,
    isRefusing: () => !reach.isUp(CONTROL) || options.isOverloaded?.() === true,
    onHeard,
  })
}

async function hearOthers(messages: Messages, changes: Changes, fed: Fed): Promise<void> {
  await messages.onBroadcast((notice) => {
    if (notice === CHANGED) changes.ask()
    else if (notice.startsWith(FED)) fed.heard(notice.slice(FED.length))
  })
}

function birthsOf(
  { log = silentLog }: ConnectOptions,
  { losses, partitions }: Ground,
  onLost: (partition: number) => void,
): Births {
  return new Births((partition) => {
    if (losses.has(partition)) return
    log.error('A part of the store was lost and begun anew by another process', {
      err: new Error(`Nothing of before is at ${partitions.baseOf(partition)}`),
    })
    onLost(partition)
  })
}

function outOfReachOf(options: OpenEngineOptions, { partitions, reach }: Ground): OutOfReach {
  const { clock, wireClock = clock, log = silentLog, outOfReachMs, onOutOfReach } = options
  return new OutOfReach({
    ...{ clock: wireClock, partitions, isUp: (partition) => reach.isUp(partition) },
    ...(outOfReachMs === undefined ? {} : { afterMs: outOfReachMs }),
    onOutOfReach(isConcerned) {
      log.warn('A part of the store was out of reach for too long: the links of its users are closed', {})
      onOutOfReach?.(isConcerned)
    },
  })
}

function makeFunctions(
  { clock, timeMs }: ConnectOptions,
  { library, partitions, lanes }: Pick<Ground, 'library' | 'partitions' | 'lanes'>,
  more: Pick<FunctionsOptions, 'onNotes' | 'isServed'>,
): Functions {
  const time = timeMs === undefined ? {} : { timeMs }
  return new Functions({ library, partitions, lanes, clock, ...more, ...time })
}

async function idle({ heart, changes, moving, lanes }: Ends): Promise<void> {
  for (const rest of [() => Promise.resolve(), () => lanes.idle()]) {
    await rest()
    await Promise.all([heart.idle, changes.idle, moving.idle])
  }
}

function closeConnections({ lanes, reach, messages }: Pick<Ends, 'lanes' | 'reach' | 'messages'>): void {
  messages.close()
  lanes.close()
  reach.close()
}

function kill(ends: Ends): void {
  ends.serviceTime.close()
  ends.changes.close()
  ends.moving.close()
  ends.outOfReach.close()
  ends.functions.shut()
  closeConnections(ends)
}

const PLAIN = { conceal: (secret: string) => secret, reveal: (secret: string) => secret }

type Ends = {
  readonly audit: RedisAudit
  readonly late: LateWrites
  readonly feed: FeedStore
  readonly heart: Heart
  readonly lanes: Lanes
  readonly reach: Reach
  readonly messages: Messages
  readonly changes: Changes
  readonly moving: Soon
  readonly outOfReach: OutOfReach
  readonly serviceTime: ServiceTime & { close(): void }
  readonly functions: Functions
}

type StoreEnds = Ends & {
  readonly state: State
  readonly secrets: { conceal(text: string): string; reveal(text: string): string }
}

function makeStore(engine: Engine, ends: StoreEnds): Store {
  const { known, eviction, bookBounds, serviceTime } = engine
  const { audit, late, feed, reach, state, secrets } = ends
  const replies = redisReplies(engine)
  const refreshFamilies = redisRefreshFamilies(engine)
  let closing: Promise<void> | undefined
  return {
    registrations: redisRegistrations(engine),
    links: redisLinks(engine),
    neighbours: redisNeighbours(engine),
    mailboxes: redisMailboxes(engine),
    calls: redisCalls(engine),
    replies,
    history: redisHistory(engine, late),
    feed,
    webhooks: redisWebhooks(engine),
    deadLetters: redisDeadLetters(engine),
    refreshFamilies,
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
    failure: () => reach.failure,
    warnings: () => warningsOf(state, reach),
    totals: (organizationId) => totals(engine, organizationId),
    gauges: {
      mailboxDiskBytes(organizationId) {
        const { mailboxBytes, mailboxEvents } = known.waiting(organizationId)
        return mailboxBytes + mailboxEvents * ENTRY_BYTES
      },
      evicted: () => ({
        idempotencyKeys: replies.evicted(),
        feedEvents: known.feedDropped,
        signIns: refreshFamilies.evicted(),
        lastSeen: known.lastSeenDropped,
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

function warningsOf(state: State, reach: Reach): readonly StoreWarning[] {
  // Where all of it is away that is a failure.
  const isPartlyAway = reach.failure === undefined && reach.isPartlyAway
  return isPartlyAway ? [...state.warnings, 'store_partly_away'] : state.warnings
}

/** What was asked before is carried out; the last beat says where time goes on. */
async function close(ends: Ends): Promise<void> {
  const { heart, changes, moving, serviceTime, functions, outOfReach } = ends
  functions.shut()
  serviceTime.close()
  changes.close()
  moving.close()
  outOfReach.close()
  await heart.stop().catch(() => undefined)
  closeConnections(ends)
}
