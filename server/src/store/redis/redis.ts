import type { Store } from '../store.ts'
import { type OpenEngineOptions, openEngine } from './assembly.ts'
import { addressOf } from './connection/address.ts'

export { type OpenEngine, openEngine } from './assembly.ts'

export type RedisStoreOptions = Omit<OpenEngineOptions, 'address' | 'wireClock' | 'timeMs' | 'beatMs'> & {
  /** `redis://` or `rediss://`, as the configuration has it. */
  readonly url: string
  /** Certificates that the one of Redis is checked by. */
  readonly ca?: string
}

/**
 * Opens the store of one service on one Redis: all ports, each a function in Redis on one partition. While Redis is away it is
 * waited for. (docs/adr/0056-redis-functions-on-partitions.md)
 *
 * @throws SetupError where Redis, or what is in it, cannot be used
 */
export async function openRedisStore({ url, ca, ...options }: RedisStoreOptions): Promise<Store> {
  return (await openEngine({ ...options, address: addressOf(url, ca) })).store
}
