import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { freePort } from '../../bench/src/lab/free-port.ts'
import { clusterNodeId, clusterNodesFile } from '../../scripts/redis-cluster.mjs'
import { RedisServer } from './redis-server.ts'
import { LOOPBACK, type Spot } from './spot.ts'

const PRIMARIES = 3
/** How long Redis counts the votes of an election, and a little more, milliseconds. */
const VOTES_COUNT_MS = 4_200
const FAILS_OVER_WITHIN_MS = 10_000
/** How many processes a cluster is of. */
export const CLUSTER_MEMBERS = 2 * PRIMARIES

/** One of a cluster: primaries first, then the replica of each. */
export type ClusterMember = {
  readonly id: string
  readonly port: number
  readonly server: RedisServer
  /** Speaks to it, and to nobody else. */
  readonly redis: Redis
}

type Planned = {
  readonly id: string
  readonly host: string
  readonly port: number
  readonly busPort: number
  readonly spot: Spot
}

/**
 * A Redis Cluster of three primaries with a replica each, in memory only. Each is given what it would find out by meeting the
 * others, so that it takes no longer than Redis itself lets it wait.
 */
export class RedisCluster {
  readonly members: readonly ClusterMember[]
  readonly #tookOverAtMs = new Map<ClusterMember, number>()

  private constructor(members: readonly ClusterMember[]) {
    this.members = members
  }

  /** @param options as on the command line of each */
  static start(...options: readonly string[]): Promise<RedisCluster> {
    return RedisCluster.startAt(() => LOOPBACK, options)
  }

  /** @param spotOf where each of them is, by its place */
  static async startAt(spotOf: (index: number) => Spot, options: readonly string[]): Promise<RedisCluster> {
    const planned: Planned[] = []
    for (let index = 0; index < CLUSTER_MEMBERS; index++) {
      const spot = spotOf(index)
      const ports = { port: await freePort(), busPort: await freePort() }
      planned.push({ id: clusterNodeId(index), host: spot.host, spot, ...ports })
    }
    const servers = planned.map((one) => memberServer(one, planned, options))
    const cluster = new RedisCluster(
      planned.map(({ id, host, port }, index) => ({
        ...{ id, port, server: servers[index] as RedisServer },
        redis: new Redis(port, host, { lazyConnect: true, maxRetriesPerRequest: null }),
      })),
    )
    for (const { redis } of cluster.members) redis.on('error', () => {})
    return orClosed(cluster, async () => {
      await Promise.all(servers.map((server) => server.start()))
      await cluster.settled()
    })
  }

  get addresses(): readonly [Address, ...Address[]] {
    const [first, ...others] = this.members.map(({ port, server }) => ({ host: server.spot.host, port }))
    if (first === undefined) throw new Error('There is nobody.')
    return [first, ...others]
  }

  /** As `REDIS_URL` names it. */
  get url(): string {
    return `redis://${this.addresses.map(({ host, port }) => `${host}:${port}`).join()}`
  }

  member(index: number): ClusterMember {
    const member = this.members[index]
    if (member === undefined) throw new Error('There is nobody.')
    return member
  }

  /** Who has a slot, as the others see it. */
  async ownerOf(slot: number): Promise<ClusterMember> {
    for (const { redis } of this.members) {
      const ranges = await within(redis.cluster('SLOTS')).catch(() => [])
      for (const [from, to, [, port]] of ranges as [number, number, [string, number]][]) {
        const owner = this.members.find((one) => one.port === port)
        if (owner !== undefined && from <= slot && slot <= to) return owner
      }
    }
    throw new Error('Nobody has it.')
  }

  /** As its primary sees it, which may hear late that it has one. */
  async replicaOf({ id, redis }: ClusterMember): Promise<ClusterMember> {
    let found: ClusterMember | undefined
    await eventually(async () => {
      const nodes = String(await within(redis.cluster('NODES')))
      const line = nodes.split('\n').find((one) => one.split(' ')[3] === id)
      found = this.members.find((one) => one.id === line?.split(' ')[0])
      return found !== undefined
    })
    if (found === undefined) throw new Error('There is nobody.')
    return found
  }

  /** All are there, every slot is somebody's, and every replica has what its primary has. */
  async settled(): Promise<void> {
    await eventually(async () => {
      const all = await Promise.all(this.members.map(({ redis }) => stateOf(redis)))
      const agree = all.every((one) => one.isWell && one.view === all[0]?.view)
      const counts = [all.filter((one) => one.hasReplica), all.filter((one) => one.isSynced)]
      return agree && counts.every(({ length }) => length === PRIMARIES)
    })
  }

  /**
   * A replica takes over. One that did so a moment ago has to wait: Redis 7.0 takes the votes of four seconds before for new ones,
   * the replica takes over under an old epoch, and has to give back what it has taken, without what was written meanwhile.
   */
  async failOver(replica: ClusterMember): Promise<void> {
    await sleep(
      Math.max(0, (this.#tookOverAtMs.get(replica) ?? -VOTES_COUNT_MS) + VOTES_COUNT_MS - performance.now()),
    )
    this.#tookOverAtMs.set(replica, performance.now())
    await within(replica.redis.call('CLUSTER', 'FAILOVER'), FAILS_OVER_WITHIN_MS)
    await eventually(async () => (await within(replica.redis.role()))[0] === 'master')
  }

  async close(): Promise<void> {
    for (const { redis } of this.members) redis.disconnect()
    await Promise.all(this.members.map(({ server }) => server.close()))
  }
}

type Address = { readonly host: string; readonly port: number }

function memberServer(own: Planned, all: readonly Planned[], options: readonly string[]): RedisServer {
  const config = [
    '--cluster-enabled',
    'yes',
    '--cluster-config-file',
    'nodes.conf',
    '--cluster-port',
    String(own.busPort),
  ]
  const quick = [
    '--cluster-node-timeout',
    '1000',
    '--repl-diskless-sync-delay',
    '0',
    '--repl-ping-replica-period',
    '1',
  ]
  const bold = ['--cluster-require-full-coverage', 'no', '--cluster-replica-validity-factor', '0']
  const files = new Map([['nodes.conf', clusterNodesFile(all.indexOf(own), all)]])
  return RedisServer.on(own.port, [...config, ...quick, ...bold, ...options], files, undefined, own.spot)
}

async function stateOf(redis: Redis) {
  const [info, nodes, replication] = await within(
    Promise.all([redis.cluster('INFO'), redis.cluster('NODES'), redis.info('replication')]),
  )
  return {
    view: viewOf(String(nodes)),
    isWell: info.includes('cluster_state:ok') && info.includes('cluster_slots_ok:16384'),
    hasReplica: replication.includes('role:master') && /slave0:.*state=online/.test(replication),
    isSynced: replication.includes('master_link_status:up'),
  }
}

/** Who has what. */
function viewOf(nodes: string): string {
  const rows = nodes.split('\n').map((line) => line.split(' '))
  const owners = rows
    .filter(({ length }) => length > 8)
    .map(([id, , , , , , , , ...slots]) => `${id} ${slots}`)
  return owners.sort().join('\n')
}

/** One that hangs, or is not there, does not answer. */
export async function within<Result>(answer: Promise<Result>, ms = 1_000): Promise<Result> {
  answer.catch(() => {})
  const late = sleep(ms).then(() => {
    throw new Error('It does not answer.')
  })
  late.catch(() => {})
  return Promise.race([answer, late])
}

/** What cannot be started leaves nothing behind that keeps its test from ending. */
export async function orClosed<Thing extends { close(): Promise<void> }>(
  thing: Thing,
  start: () => Promise<void>,
): Promise<Thing> {
  try {
    await start()
    return thing
  } catch (error) {
    await thing.close()
    throw error
  }
}

/** Until it is so; for half a minute. */
export async function eventually(isThere: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (await isThere().catch(() => false)) return
    await sleep(50)
  }
  throw new Error('It does not come about.')
}
