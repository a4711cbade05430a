import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failoverText, happeningText, hasSeveral, stateOf, storeName, storeState } from './node-words.ts'

const AT = '2026-01-01T12:00:00.000Z'

test('a node that is there and did not answer is not shown as well', () => {
  assert.deepEqual(stateOf({ state: 'there', connected: 0 }), { text: 'There', tone: 'good' })
  assert.equal(stateOf({ state: 'there' }).text, 'Does not answer')
  assert.equal(stateOf({ state: 'gone' }).tone, 'bad')
})

test('what is new is shown by its name', () => {
  const strange = 'asleep' as 'there'
  assert.deepEqual(stateOf({ state: strange, connected: 1 }), { text: 'asleep', tone: 'neutral' })
  assert.equal(storeState({ kind: 'redis', state: 'odd' as 'well' }).text, 'odd')
  assert.equal(happeningText({ at: AT, kind: 'moon' as 'node_came', seenBy: [] }), 'moon')
})

test('a node is called by its name, whichever of its starts it was', () => {
  const said = happeningText({ at: AT, kind: 'node_gone', node: 'b/lY8xWq3Z', seenBy: ['a'] })
  assert.equal(said, 'b is gone: its connections were taken out')
})

test('a failover says where to and from, to whom that is told', () => {
  assert.equal(failoverText({ partitions: 1 }), '1 partition passed to another primary')
  const told = { partitions: 12, from: ['redis-1:6379'], to: ['redis-2:6379'] }
  assert.equal(failoverText(told), '12 partitions passed from redis-1:6379 to redis-2:6379')
  const happening = { at: AT, kind: 'redis_failover', seenBy: ['a'], ...told } as const
  assert.equal(happeningText(happening), `Failover: ${failoverText(told)}`)
})

test('why a Redis cannot be reached stands beside it, where it is told', () => {
  const away = { at: AT, kind: 'redis_away', redis: 'redis-1:6379', seenBy: ['a'] } as const
  assert.equal(happeningText(away), 'redis-1:6379 cannot be reached')
  assert.equal(happeningText({ ...away, failure: 'timeout' }), 'redis-1:6379 cannot be reached (timeout)')
})

test('who has one process on a folder has nothing to look at', () => {
  assert.equal(hasSeveral([1], {}), false)
  assert.equal(hasSeveral([1, 2], {}), true)
  const redis = { topology: 'cluster', partitions: 64, partitionsAway: 0, primaries: [] } as const
  assert.equal(hasSeveral([1], { redis }), true)
  assert.equal(storeName({ kind: 'redis', state: 'well', redis }), 'A Redis Cluster')
  assert.equal(storeName({ kind: 'embedded', state: 'well' }), 'The data folder')
})
