import type { NodeList } from '@rollcall/protocol/nodes'
import { fields, unexpected } from './parse.ts'

/** What breaks the contract is said, not shown half; a state or a kind that is new is shown by its name. */
export function parseNodes(value: unknown): NodeList {
  if (isNodeList(value)) return value
  throw unexpected('no list of nodes')
}

function isNodeList(value: unknown): value is NodeList {
  const { at, nodes, store, happened } = fields(value)
  const { kind, state, redis } = fields(store)
  return (
    [at, kind, state].every(isText) &&
    (redis === undefined || isRedis(redis)) &&
    isListOf(nodes, isNode) &&
    isListOf(happened, isHappening)
  )
}

function isNode(value: unknown): boolean {
  const { id, name, state, heardAt } = fields(value)
  return [id, name, state, heardAt].every(isText)
}

function isRedis(value: unknown): boolean {
  const { topology, partitions, partitionsAway, primaries, failover } = fields(value)
  return (
    isText(topology) &&
    [partitions, partitionsAway].every((number) => typeof number === 'number') &&
    isListOf(primaries, (primary) => typeof fields(primary)['isReached'] === 'boolean') &&
    (failover === undefined || isText(fields(failover)['at']))
  )
}

function isHappening(value: unknown): boolean {
  const { at, kind, seenBy } = fields(value)
  return isText(at) && isText(kind) && isListOf(seenBy, isText)
}

function isListOf(value: unknown, isOne: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isOne)
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}
