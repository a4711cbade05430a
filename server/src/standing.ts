import { hostname } from 'node:os'
import { type Clock, type Random, uuidMaker } from './clock/clock.ts'
import type { Cluster } from './cluster/cluster.ts'
import { createLocalCluster } from './cluster/local/local.ts'
import { createRedisCluster } from './cluster/redis/redis.ts'
import type { Configuration } from './config/config.ts'
import { carryTidings } from './delivery/delivery.ts'
import { Happenings } from './happenings.ts'
import type { Log } from './observe/observe.ts'
import { type RedisSettings, redisSettings } from './redis-settings.ts'
import type { View } from './service-nodes.ts'
import type { openFolderStore } from './store/embedded/embedded.ts'
import { feedBounds, type OnMailboxEnded, type Store, type UserKey } from './store/store.ts'

/** What a service keeps, and the processes that keep it together. */
export type Standing = {
  readonly store: Store
  readonly cluster: Cluster
  readonly view: View
  /** How many processes are there, as this one knows. */
  nodeCount(): number
  /** Has `listener` called for whatever the store has lost: of those users nothing is there any more. One. */
  onDataLost(listener: (isConcerned: (user: UserKey) => boolean) => void): void
  /** Has `listener` called for what this process has not reached of the store for a minute: others may, for those users. One. */
  onOutOfReach(listener: (isConcerned: (user: UserKey) => boolean) => void): void
  /** Has `listener` called for what is to be written down of the processes: by one of them each. One. */
  onNodeRecorded(listener: (kind: 'node_came' | 'node_gone', node: string) => void): void
  /**
   * Comes in among the others: from now on they count on it, and it on itself.
   *
   * @throws SetupError where another process has its name
   */
  join(): Promise<void>
  /** Others take over what it did. Idempotent; before the store is closed. */
  leave(): Promise<void>
}

export type StandingOptions = {
  readonly configuration: Configuration
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly isOverloaded: () => boolean
  readonly onMailboxEnded: OnMailboxEnded
  readonly onStoreLost: (error: Error) => void
  /** Whether nothing is kept, whatever else is configured. */
  readonly inMemory: boolean
  readonly openFolder: typeof openFolderStore
  /** A file of the data folder that says nothing of whether there is a store. */
  readonly keptBeside: string
}

/** @throws SetupError, ConfigurationError, or whatever says that the store cannot be used */
export async function openStanding(options: StandingOptions): Promise<Standing> {
  const { configuration, random, log } = options
  if (options.inMemory) return alone(await openInMemory(options), 'memory', options)
  const redis = await redisSettings(configuration, random)
  if (redis === undefined) return alone(await openInFolder(options), 'embedded', options)
  // Workers of one machine have one address.
  if (configuration.publicUrl === undefined && configuration.workers === 1)
    log.warn('PUBLIC_URL is not set: what this process signs, no other on this Redis takes', {})
  return openOnRedis(options, redis)
}

function boundsOf({ configuration }: StandingOptions) {
  const { historyDays, historyBytesMax: bytesMax, organizationSharePercent } = configuration
  return {
    historyBounds: { ageMsMax: historyDays * 86_400_000, bytesMax, organizationSharePercent },
    feedBounds: feedBounds(configuration.webhookFeedEventsMax, configuration.webhookFeedTotalEventsMax),
    bookBounds: configuration,
  }
}

async function openInMemory(options: StandingOptions): Promise<Store> {
  const { createMemoryStore } = await import('./store/memory/memory.ts')
  return createMemoryStore({
    ...boundsOf(options),
    clock: options.clock,
    onMailboxEnded: options.onMailboxEnded,
  })
}

function openInFolder(options: StandingOptions): Promise<Store> {
  const { configuration, clock, log, isOverloaded, onMailboxEnded, openFolder, keptBeside } = options
  return openFolder({
    ...{ ...boundsOf(options), clock, log, isOverloaded, onMailboxEnded, keptBeside },
    dataDir: configuration.dataDir,
    onLost: options.onStoreLost,
  })
}

/** One process is the service. */
function alone(
  store: Store,
  kind: 'memory' | 'embedded',
  { configuration, clock, random }: StandingOptions,
): Standing {
  const self = uuidMaker(clock, random)()
  return {
    store,
    cluster: createLocalCluster(self),
    view: {
      kind,
      name: configuration.nodeName ?? hostname(),
      seen: () => [{ node: self, silentMs: 0, state: 'there' }],
      redis: () => undefined,
      happenings: new Happenings(clock),
    },
    nodeCount: () => 1,
    onDataLost: () => undefined,
    onOutOfReach: () => undefined,
    onNodeRecorded: () => undefined,
    join: async () => undefined,
    leave: async () => undefined,
  }
}

async function openOnRedis(options: StandingOptions, settings: RedisSettings): Promise<Standing> {
  const { configuration, clock, random, log, isOverloaded, onMailboxEnded, onStoreLost } = options
  // Its client is loaded only where it is used.
  const { connectRedis } = await import('./store/redis/redis.ts')
  const newId = () => random.bytes(6).toString('base64url')
  const { secrets, ...rest } = settings
  const name = configuration.nodeName ?? `${hostname()}-${newId()}`
  const happenings = new Happenings(clock)
  const onHappened = happenings.add.bind(happenings)
  const redis = await connectRedis({ ...rest, name, id: newId(), clock, log, onHappened })
  const { table, messages: carrier } = redis
  let record: (kind: 'node_came' | 'node_gone', node: string) => void = () => undefined
  const nodes = createRedisCluster({
    ...{ name, table, carrier, clock, newId, log, onReplaced: onStoreLost },
    onHappened: (kind, node) => happenings.add({ kind, node }),
    onRecorded: (kind, node) => record(kind, node),
  })
  const { cluster } = nodes
  let tellLost: (isConcerned: (user: UserKey) => boolean) => void = () => undefined
  let tellOutOfReach = tellLost
  try {
    const { store, catchUp } = await redis.openStore({
      ...{ ...boundsOf(options), isOverloaded, onMailboxEnded, secrets },
      self: () => cluster.nodes.self,
      sweeps: (partition) => cluster.nodes.sweeps(partition),
      onTiding: carryTidings(cluster),
      onDataLost: (isConcerned) => tellLost(isConcerned),
      onOutOfReach: (isConcerned) => tellOutOfReach(isConcerned),
    })
    return {
      ...{ store, cluster },
      view: { kind: 'redis', name, seen: () => nodes.seen(), redis: () => redis.health(), happenings },
      nodeCount: () => nodes.alive().length,
      onDataLost(listener) {
        tellLost = listener
      },
      onOutOfReach(listener) {
        tellOutOfReach = listener
      },
      onNodeRecorded(listener) {
        record = listener
      },
      async join() {
        await nodes.start(async (node) => store.neighbours?.bury(node))
        // From now on it is asked; what was revoked before, it has to have heard.
        await catchUp()
      },
      leave: () => nodes.close(),
    }
  } catch (error) {
    redis.close()
    throw error
  }
}
