import type { NodeInSight, NodeList, RedisInSight, StoreInSight } from '@rollcall/protocol/nodes'
import type { Clock } from './clock/clock.ts'
import type { Cluster, SeenNode } from './cluster/cluster.ts'
import type { Delivery } from './delivery/delivery.ts'
import { type Happened, type Happenings, together } from './happenings.ts'
import { productVersion, type Statistics } from './observe/observe.ts'
import type { RedisHealth, Store } from './store/store.ts'

/** The processes that are the service, how their store is doing, and what happened to either. */
export interface ServiceNodes {
  /**
   * What is known; what a process does not say in time is left out, and so is what a store that is away would tell.
   *
   * @param organizationId whose connections are counted; `null`: of all
   */
  read(organizationId: string | null): Promise<NodeList>
  /** What people call the process that has an incarnation, or this one; `undefined`: there is never another. Cheap. */
  nameOf(node: string | undefined): string | undefined
  /** From now on this process says that it is leaving. */
  leave(): void
}

/** What this process knows of all of them, and of what they keep everything in. Nobody is asked. */
export type View = {
  readonly kind: 'embedded' | 'memory' | 'redis'
  /** What people call this process. */
  readonly name: string
  /** This process included, once it has come in. */
  seen(): readonly SeenNode[]
  redis(): RedisHealth | undefined
  readonly happenings: Pick<Happenings, 'read' | 'last'>
}

export type ServiceNodesOptions = {
  readonly cluster: Pick<Cluster, 'requests' | 'nodes'>
  readonly view: View
  readonly store: Pick<Store, 'failure' | 'warnings'>
  readonly delivery: Pick<Delivery, 'connected'>
  readonly statistics: Pick<Statistics, 'sinceWallMs'>
  readonly clock: Pick<Clock, 'wallMs'>
}

/** How long another process has to tell of itself, milliseconds. */
const WITHIN_MS = 1_000
/** More processes are no longer a list for people. */
const NODES_MAX = 500

/** What a process tells of itself. Of another version parts may be missing, or more. */
type Told = {
  readonly sinceWallMs: number
  readonly version: string
  readonly isLeaving: boolean
  readonly connected: number
  readonly happened: readonly Happened[]
}

export function createServiceNodes(options: ServiceNodesOptions): ServiceNodes {
  const { cluster, view, clock } = options
  let isLeaving = false
  const tell = (organizationId: string | null): Told => ({
    sinceWallMs: options.statistics.sinceWallMs,
    version: productVersion(),
    isLeaving,
    connected: options.delivery.connected(organizationId ?? undefined),
    happened: view.happenings.read(),
  })
  cluster.requests.answer('node', (question) => encode(tell(decode(question))))
  return {
    nameOf: (node = cluster.nodes.self) =>
      cluster.nodes.isAlone ? undefined : nameOf(node, cluster.nodes.self, view),
    leave() {
      isLeaving = true
    },
    async read(organizationId) {
      const { self } = cluster.nodes
      const told = new Map([[self, tell(organizationId)], ...(await askOthers(options, organizationId))])
      const seen = view.seen().slice(0, NODES_MAX)
      const nowWallMs = clock.wallMs()
      return {
        at: new Date(nowWallMs).toISOString(),
        organizationId,
        nodes: seen.map((one) => nodeOf(one, told.get(one.node), { self, view, nowWallMs })).sort(byName),
        store: storeOf(options, nowWallMs),
        happened: together(
          new Map([...told].map(([node, { happened }]) => [nameOf(node, self, view), happened])),
        ),
      }
    },
  }
}

/** Where the store is away nobody can say who there is, and nobody is waited for. */
async function askOthers(
  { cluster, store }: ServiceNodesOptions,
  organizationId: string | null,
): Promise<ReadonlyMap<string, Told>> {
  if (cluster.nodes.isAlone || store.failure() !== undefined) return new Map()
  try {
    const { answers } = await cluster.requests.gather('node', encode(organizationId), WITHIN_MS)
    return new Map([...answers].map(([node, answer]) => [node, decode<Told>(answer)]))
  } catch {
    return new Map()
  }
}

type Around = { readonly self: string; readonly view: View; readonly nowWallMs: number }

function nodeOf({ node, silentMs, state }: SeenNode, told: Told | undefined, around: Around): NodeInSight {
  const { self, view, nowWallMs } = around
  return {
    id: node,
    name: nameOf(node, self, view),
    isSelf: node === self,
    state: state === 'there' && told?.isLeaving === true ? 'leaving' : state,
    heardAt: instant(nowWallMs - silentMs),
    ...(told === undefined
      ? {}
      : { since: instant(told.sinceWallMs), version: told.version, connected: told.connected }),
  }
}

/** An incarnation begins with the name; of one process alone it is something random. */
function nameOf(node: string, self: string, { name }: View): string {
  if (node === self) return name
  const end = node.lastIndexOf('/')
  return end > 0 ? node.slice(0, end) : node
}

function storeOf({ store, view }: ServiceNodesOptions, nowWallMs: number): StoreInSight {
  const isPartlyAway = store.warnings().includes('store_partly_away')
  const redis = redisOf(view, nowWallMs)
  return {
    kind: view.kind,
    state: store.failure() !== undefined ? 'away' : isPartlyAway ? 'partly_away' : 'well',
    ...(redis === undefined ? {} : { redis }),
  }
}

function redisOf(view: View, nowWallMs: number): RedisInSight | undefined {
  const health = view.redis()
  if (health === undefined) return undefined
  const last = view.happenings.last('redis_failover')
  return {
    ...health,
    primaries: health.primaries.map(({ redis, isReached, awayForMs, partitions, replicas }) => ({
      ...{ redis, isReached, partitions },
      ...(awayForMs === undefined ? {} : { awaySince: instant(nowWallMs - awayForMs) }),
      ...(replicas === undefined ? {} : { replicas }),
    })),
    ...(last === undefined ? {} : { failover: failoverOf(last) }),
  }
}

function failoverOf({ atWallMs, partitions = 0, from = [], to = [] }: Happened) {
  return { at: instant(atWallMs), partitions, from, to }
}

function byName(one: NodeInSight, other: NodeInSight): number {
  return one.name < other.name ? -1 : one.name > other.name ? 1 : one.id < other.id ? -1 : 1
}

function instant(wallMs: number): string {
  return new Date(wallMs).toISOString()
}

function encode(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}

function decode<Of>(bytes: Uint8Array): Of {
  return JSON.parse(Buffer.from(bytes).toString())
}
