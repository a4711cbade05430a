import type { Store } from '../store.ts'
import { silentLog } from '../store-log.ts'
import { type Connected, type ConnectOptions, connect, type OpenOptions } from './assembly.ts'
import { placeOf } from './connection/address.ts'
import { NodeRows } from './nodes/node-rows.ts'

export { type OpenEngine, openEngine } from './assembly.ts'
export { placeOf } from './connection/address.ts'
export { MOVED_KEYS } from './move/keys.ts'
export { redisPlace } from './move/place.ts'
export { redisSource } from './move/source.ts'

export type RedisOptions = Omit<ConnectOptions, 'address' | 'wireClock' | 'timeMs'> & {
  /** Of one Redis, of several of a Redis Cluster, or of sentinels, as the configuration has it. */
  readonly url: string
  /** Certificates that the one of Redis is checked by. */
  readonly ca?: string
  /** What people call this process: one each. */
  readonly name: string
}

/** With what tells that all lists are as they are now. */
export type OpenedStore = {
  readonly store: Store
  /** What others have changed of lists and directory until now has been told to whoever listens. */
  catchUp(): Promise<void>
}

/** A Redis, as one process among several has it. */
export type RedisConnection = Pick<Connected, 'messages' | 'health' | 'close'> & {
  /** The processes that have the store: a `NodeTable` of `cluster/`. */
  readonly table: NodeRows
  /** Opens the store: all ports, each a function in Redis on one partition. Once. */
  openStore(options: Omit<OpenOptions, 'beatMs'>): Promise<OpenedStore>
}

/**
 * Finds a Redis that can be used; one that is away is waited for. (docs/adr/0056-redis-functions-on-partitions.md)
 *
 * @throws SetupError where Redis, or what is in it, cannot be used
 */
export async function connectRedis({ url, ca, name, ...options }: RedisOptions): Promise<RedisConnection> {
  const { functions, open, ...connected } = await connect({ ...options, address: placeOf(url, ca) })
  const { clock, log = silentLog } = options
  return {
    ...connected,
    table: new NodeRows({ functions, name, clock, log }),
    openStore: open,
  }
}
