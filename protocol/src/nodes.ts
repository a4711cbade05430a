/**
 * What `GET /rtc-api/nodes` answers: the processes that are the service, how what they keep everything in is doing, and what
 * became of either lately. There may come more states and kinds; whoever does not know one shows its name.
 */
export type NodeList = {
  /** ISO-8601 instant of the answer. */
  readonly at: string
  /** Whose connections are counted; `null`: of all organizations together. */
  readonly organizationId: string | null
  /** By name. */
  readonly nodes: readonly NodeInSight[]
  readonly store: StoreInSight
  /** The newest first, fifty at the most; from memory: what a process saw that has ended is gone with it. */
  readonly happened: readonly Happening[]
}

export type NodeInSight = {
  /** Its incarnation: another one after each start. */
  readonly id: string
  /** What people call it: `NODE_NAME`. */
  readonly name: string
  /** Whether it is the one that has answered. */
  readonly isSelf: boolean
  /** `leaving`: it was told to end; `silent`: others do its part; `gone`: its connections are taken out of the store. */
  readonly state: 'there' | 'leaving' | 'silent' | 'gone'
  /** When it said last that it is there, ISO-8601. */
  readonly heardAt: string
  /** When it was started, ISO-8601. Absent: it has not answered in time, as the next two. */
  readonly since?: string
  readonly version?: string
  /** Endpoints that have their connection there. */
  readonly connected?: number
}

export type StoreInSight = {
  readonly kind: 'embedded' | 'memory' | 'redis'
  /** `partly_away`: some users are refused, and everybody else notices nothing. */
  readonly state: 'well' | 'partly_away' | 'away'
  /** As the process that has answered sees it. */
  readonly redis?: RedisInSight
}

export type RedisInSight = {
  readonly topology: 'single' | 'sentinel' | 'cluster'
  readonly partitions: number
  /** Those of them that cannot be used now. */
  readonly partitionsAway: number
  readonly primaries: readonly PrimaryInSight[]
  /** When partitions passed to another primary last; absent: never since that process was started. */
  readonly failover?: Failover
}

export type PrimaryInSight = {
  /** Where it is. For callers with role SERVICE. */
  readonly redis?: string
  readonly isReached: boolean
  /** ISO-8601. Absent: it can be reached. */
  readonly awaySince?: string
  readonly partitions: number
  /** Those that are up. Absent: not known yet, or not now. */
  readonly replicas?: number
}

export type Failover = {
  readonly at: string
  readonly partitions: number
  /** Who had them, and who has them. For callers with role SERVICE. */
  readonly from?: readonly string[]
  readonly to?: readonly string[]
}

export type Happening = {
  /** ISO-8601. */
  readonly at: string
  readonly kind:
    | 'node_came'
    | 'node_left'
    | 'node_silent'
    | 'node_gone'
    | 'redis_away'
    | 'redis_back'
    | 'redis_failover'
  /** The incarnation of a node. */
  readonly node?: string
  /** Which Redis, and why it cannot be reached. For callers with role SERVICE. */
  readonly redis?: string
  readonly failure?: string
  /** Those of a failover, and as it has them. */
  readonly partitions?: number
  readonly from?: readonly string[]
  readonly to?: readonly string[]
  /** The names of the nodes that saw it. */
  readonly seenBy: readonly string[]
}
