import type { Failover, Happening, NodeInSight, StoreInSight } from '@rollcall/protocol/nodes'
import type { BadgeTone } from '../ui/badge.tsx'

/** What there is to say, and how it looks. */
export type Said = { readonly text: string; readonly tone: BadgeTone }

const STATES: ReadonlyMap<string, Said> = new Map([
  ['there', { text: 'There', tone: 'good' }],
  ['leaving', { text: 'Leaving', tone: 'busy' }],
  ['silent', { text: 'Silent: others do its part', tone: 'bad' }],
  ['gone', { text: 'Gone', tone: 'bad' }],
])

/** How a node is. One whose counts did not come has not answered in time. */
export function stateOf({ state, connected }: Pick<NodeInSight, 'state' | 'connected'>): Said {
  if (state === 'there' && connected === undefined) return { text: 'Does not answer', tone: 'busy' }
  return STATES.get(state) ?? { text: state, tone: 'neutral' }
}

const KINDS: ReadonlyMap<string, string> = new Map([
  ['embedded', 'The data folder'],
  ['memory', 'Memory alone'],
])
const TOPOLOGIES: ReadonlyMap<string, string> = new Map([
  ['single', 'One Redis'],
  ['sentinel', 'Redis, led by Sentinel'],
  ['cluster', 'A Redis Cluster'],
])

/** What everything is kept in. */
export function storeName({ kind, redis }: StoreInSight): string {
  if (redis === undefined) return KINDS.get(kind) ?? kind
  return TOPOLOGIES.get(redis.topology) ?? `Redis, ${redis.topology}`
}

const STORE_STATES: ReadonlyMap<string, Said> = new Map([
  ['well', { text: 'Well', tone: 'good' }],
  ['partly_away', { text: 'A part cannot be used', tone: 'bad' }],
  ['away', { text: 'Cannot be used', tone: 'bad' }],
])

export function storeState({ state }: StoreInSight): Said {
  return STORE_STATES.get(state) ?? { text: state, tone: 'neutral' }
}

/** `12 partitions passed from redis-1:6379 to redis-2:6379`; without the places for those who are not told. */
export function failoverText({ partitions, from = [], to = [] }: Omit<Failover, 'at'>): string {
  const parts = `${partitions} ${partitions === 1 ? 'partition' : 'partitions'} passed`
  return from.length === 0 && to.length === 0
    ? `${parts} to another primary`
    : `${parts} from ${from.join(', ') || 'nobody'} to ${to.join(', ') || 'nobody'}`
}

/** A line about what became of a node or of Redis. */
export function happeningText(happening: Happening): string {
  const { kind, node = 'A node', redis = 'A primary', failure, partitions = 0, from, to } = happening
  const name = node.split('/', 1)[0] ?? node
  switch (kind) {
    case 'node_came':
      return `${name} came`
    case 'node_left':
      return `${name} left, as it was told to`
    case 'node_silent':
      return `${name} fell silent: the others do its part`
    case 'node_gone':
      return `${name} is gone: its connections were taken out`
    case 'redis_away':
      return `${redis} cannot be reached${failure === undefined ? '' : ` (${failure})`}`
    case 'redis_back':
      return `${redis} can be reached again`
    case 'redis_failover':
      return `Failover: ${failoverText({ partitions, ...(from && { from }), ...(to && { to }) })}`
    default:
      return kind
  }
}

/** Whether there is anything to see that somebody with one process has no use for. */
export function hasSeveral(nodes: readonly unknown[], { redis }: Pick<StoreInSight, 'redis'>): boolean {
  return nodes.length > 1 || redis !== undefined
}
