import assert from 'node:assert/strict'
import { test } from 'node:test'
import { storeFigures } from './throughput.ts'

const SENT = { operations: 600, serverCpuSeconds: 2, redisCpuSeconds: 1, wallSeconds: 4 }

test('work is told by the CPU time of the node, of Redis and of both', () => {
  assert.deepEqual(storeFigures(SENT), [300, 600, 200, 150, 50])
})

test('without a Redis nothing is told of it', () => {
  assert.deepEqual(storeFigures({ ...SENT, redisCpuSeconds: 0 }), [300, Number.NaN, 300, 150, 50])
})
