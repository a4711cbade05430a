import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hashSecret } from '../../server/src/auth/auth.ts'
import type { Networks } from '../helpers/networks.ts'
import { Nodes, nodeName } from '../helpers/nodes.ts'
import { CLUSTER_MEMBERS, RedisCluster } from '../helpers/redis-cluster.ts'
import { RedisServer } from '../helpers/redis-server.ts'
import { makeDataDir } from '../helpers/run-server.ts'
import { LOOPBACK, type Spot } from '../helpers/spot.ts'
import type { WebhookReceiver } from '../helpers/webhook-receiver.ts'

/** Of `acme-secret`. */
const HASH = 'sha256$MHxgn4faQ8PVY0KKT379-YV_SHH9EEZXMsSrEamFoIw'
/** Of clients, and the password of users. */
export const SECRET = 'acme-secret'
const WEBHOOK = 'hook'

/** What a service of a run is like. */
export type ServiceOptions = {
  readonly nodes: number
  readonly users: readonly string[]
  readonly receiver: WebhookReceiver
  /** Three primaries with a replica each; otherwise one Redis. */
  readonly isCluster: boolean
  /** Where each process has a network of its own; otherwise all are on loopback. */
  readonly networks?: Networks | undefined
  readonly env?: Record<string, string>
  /** Of each Redis, as on its command line. Default: it writes down what it answers. */
  readonly redisOptions?: readonly string[]
}

export type Service = {
  readonly nodes: Nodes<RedisServer | RedisCluster>
  readonly networks: Networks | undefined
  close(): Promise<void>
}

const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always']

export async function startService(options: ServiceOptions): Promise<Service> {
  const { nodes: count, isCluster, networks, env = {}, redisOptions = DURABLE } = options
  const folder = await makeDataDir()
  const directory = join(folder.path, 'directory.json')
  await writeFile(directory, JSON.stringify(await directoryOf(options)), { mode: 0o600 })
  const spots = await spotsOf(count, networks)
  const redis = isCluster
    ? await RedisCluster.startAt(spots.ofRedis, ['--cluster-node-timeout', '2000', ...redisOptions])
    : await RedisServer.startAt(spots.ofRedis(0), redisOptions)
  const common = {
    ...{ DIRECTORY_FILE: directory, WEBHOOK_PRIVATE_ADDRESSES: networks?.subnet ?? '127.0.0.0/8' },
    ...{ DRAIN_SECONDS: '1', ACCESS_TOKEN_TTL_SECONDS: '86400' },
    NODE_OPTIONS: '--trace-warnings',
    ...(isCluster ? { REDIS_REPLICAS_MIN: '1' } : {}),
    ...env,
  }
  const nodes = await Nodes.over<RedisServer | RedisCluster>(redis, count, common, spots.ofNode)
  return {
    ...{ nodes, networks },
    close: async () => {
      await nodes.close()
      await folder.remove()
    },
  }
}

/** What the network of a Redis is called. */
export function redisName(index: number): string {
  return `redis ${index}`
}

async function spotsOf(count: number, networks: Networks | undefined) {
  const loopback = (): Spot => LOOPBACK
  if (networks === undefined) return { ofNode: loopback, ofRedis: loopback }
  const nodes: Spot[] = []
  for (let index = 0; index < count; index++) nodes.push(await networks.at(nodeName(index)))
  const redis: Spot[] = []
  for (let index = 0; index < CLUSTER_MEMBERS; index++) redis.push(await networks.at(redisName(index)))
  return {
    ofNode: (index: number) => nodes[index] ?? LOOPBACK,
    ofRedis: (index: number) => redis[index] ?? LOOPBACK,
  }
}

async function directoryOf({ users, receiver }: ServiceOptions) {
  // One hash for all of them: it takes its time by design.
  const passwordHash = await hashSecret(SECRET)
  const clients = ['backend', 'visitor'].map((id) => ({
    ...{ id, secretHash: HASH, organizationId: 'acme', grants: ['client_credentials'] },
  }))
  const hook = { id: WEBHOOK, url: receiver.url, secret: receiver.secret, events: ['*'] }
  return {
    organizations: [{ id: 'acme', webhooks: [hook] }],
    users: users.map((username) => ({ username, passwordHash, organizationId: 'acme' })),
    clients: [{ id: 'customer', public: true, grants: ['password', 'refresh_token'] }, ...clients],
  }
}
