import type { Clock, RunningServiceTime } from '../../clock/clock.ts'
import type { BookBounds, HistoryBounds } from '../bounds.ts'
import type { FeedBounds, UserKey } from '../store.ts'
import type { StoreLog } from '../store-log.ts'
import type { Functions, LaneName } from './connection/functions.ts'
import type { Partitions } from './connection/partitions.ts'
import type { Answer } from './connection/wire.ts'
import type { Due } from './due.ts'
import type { Outboxes } from './feed/outboxes.ts'
import type { Eviction } from './history/eviction.ts'
import type { RecordHints } from './history/record-hints.ts'
import type { Known } from './known.ts'
import type { Losses } from './losses.ts'
import type { Births } from './nodes/births.ts'
import type { Changes } from './nodes/changes.ts'
import type { Fed } from './nodes/fed.ts'

/** What the parts of the engine share. */
export type Engine = {
  readonly clock: Clock
  readonly functions: Functions
  readonly partitions: Partitions
  readonly known: Known
  /** Whether a partition can be reached now. */
  readonly isUp: (partition: number) => boolean
  /** The incarnation of this process: see `cluster/`. */
  readonly self: () => string
  /** Whether this process looks after a partition: others do after the rest. */
  readonly sweeps: (partition: number) => boolean
  /** Partitions where this process has had a link. */
  readonly attached: Set<number>
  readonly births: Births
  readonly changes: Changes
  readonly fed: Fed
  readonly due: Due
  /** The time of each partition, as it was told last. */
  readonly times: Map<number, number>
  readonly losses: Losses
  readonly serviceTime: RunningServiceTime
  readonly hints: RecordHints
  readonly outboxes: Outboxes
  readonly eviction: Eviction
  readonly bookBounds: BookBounds
  readonly historyBounds: HistoryBounds
  readonly feedBounds: FeedBounds
  readonly log: StoreLog
}

/** Nothing is too much for a partition below this, however little is configured. */
const PARTITION_FLOOR = 16

/** How much of what is bounded one partition keeps: twice its part, since no hash spreads evenly. */
export function partitionMax({ partitions }: Pick<Engine, 'partitions'>, max: number): number {
  return Math.max(PARTITION_FLOOR, Math.ceil((2 * max) / partitions.count))
}

/** Calls a function at a user's partition. */
export function atUser(
  { functions, partitions }: Pick<Engine, 'functions' | 'partitions'>,
  lane: LaneName,
  name: string,
  user: UserKey,
  args: readonly (string | Buffer | number)[],
): Promise<Answer> {
  return functions.call(lane, name, partitions.ofUser(user), args)
}

/** The same at the partition of what has one name: an organization, a family. */
export function atName(
  { functions, partitions }: Pick<Engine, 'functions' | 'partitions'>,
  lane: LaneName,
  name: string,
  owner: string,
  args: readonly (string | Buffer | number)[],
): Promise<Answer> {
  return functions.call(lane, name, partitions.of(owner), args)
}

/** The earliest that the wall clock can be, as functions are given it. */
export function earliest({ serviceTime }: Pick<Engine, 'serviceTime'>): string {
  return String(serviceTime.wall.earliestMs())
}
