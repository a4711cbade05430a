/** How a Redis is doing, or the several that are one store, as one process sees it. */
export type RedisHealth = {
  readonly topology: 'single' | 'sentinel' | 'cluster'
  readonly partitions: number
  readonly partitionsAway: number
  readonly primaries: readonly PrimaryHealth[]
}

export type PrimaryHealth = {
  readonly redis: string
  readonly isReached: boolean
  /** `undefined`: nobody has missed it. */
  readonly awayForMs: number | undefined
  readonly partitions: number
  /** Those that were up a moment ago; `undefined`: nobody knows. */
  readonly replicas: number | undefined
}

/** What became of a Redis. */
export type RedisHappening =
  | { readonly kind: 'redis_away'; readonly redis: string; readonly failure: string }
  | { readonly kind: 'redis_back'; readonly redis: string }
  | {
      readonly kind: 'redis_failover'
      readonly partitions: number
      readonly from: readonly string[]
      readonly to: readonly string[]
    }
