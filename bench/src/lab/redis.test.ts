import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isWhole, slotsOf, usedMemory } from './redis.ts'

test('each slot is one primary’s', () => {
  const owned = [0, 1, 2].map((index) => slotsOf(index, 3))
  assert.equal(owned[0]?.[0], 0)
  assert.equal(owned[1]?.[0], (owned[0]?.[1] ?? 0) + 1)
  assert.equal(owned[2]?.[0], (owned[1]?.[1] ?? 0) + 1)
  assert.equal(owned[2]?.[1], 16_383)
})

test('a cluster is whole once all of its slots and primaries are there', () => {
  const info = 'cluster_state:ok\r\ncluster_slots_ok:16384\r\ncluster_size:3\r\n'
  assert.ok(isWhole(info, 3))
  assert.ok(!isWhole(info.replace('ok\r', 'fail\r'), 3))
  assert.ok(!isWhole(info.replace('16384', '5461'), 3))
  assert.ok(!isWhole(info.replace('size:3', 'size:2'), 3))
})

test('what Redis uses is its used_memory, and nothing that is called alike', () => {
  assert.equal(usedMemory('# Memory\r\nused_memory:1048576\r\nused_memory_rss:5\r\n'), 1_048_576)
  assert.throws(() => usedMemory('used_memory_rss:5\r\n'), /how much memory/)
})
