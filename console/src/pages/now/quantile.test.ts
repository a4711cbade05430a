import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quantile, slowest, total } from './quantile.ts'

const bounds = [1, 10, 100]

test('a quantile lies within its bucket, evenly spread', () => {
  assert.equal(quantile({ bounds, counts: [4, 0, 0, 0] }, 0.5), 0.5)
  assert.equal(quantile({ bounds, counts: [0, 4, 0, 0] }, 0.5), 5.5)
  assert.equal(quantile({ bounds, counts: [1, 0, 1, 0] }, 0.5), 1)
  assert.equal(quantile({ bounds, counts: [99, 0, 1, 0] }, 0.99), 1)
  assert.equal(quantile({ bounds, counts: [98, 0, 2, 0] }, 0.99), 55)
  assert.equal(quantile({ bounds, counts: [0, 0, 1, 0] }, 1), 100)
})

test('what took longer than all bounds has no end, and nothing has no quantile', () => {
  assert.equal(quantile({ bounds, counts: [0, 0, 0, 1] }, 0.5), Number.POSITIVE_INFINITY)
  assert.equal(quantile({ bounds, counts: [0, 0, 0, 0] }, 0.5), undefined)
  assert.equal(quantile({ bounds: [], counts: [] }, 0.99), undefined)
  assert.equal(quantile({ bounds: [], counts: [3] }, 0.99), Number.POSITIVE_INFINITY)
})

test('the slowest is told by the bound of its bucket', () => {
  assert.equal(slowest({ bounds, counts: [3, 1, 0, 0] }), 10)
  assert.equal(slowest({ bounds, counts: [3, 1, 0, 1] }), Number.POSITIVE_INFINITY)
  assert.equal(slowest({ bounds, counts: [0, 0, 0, 0] }), undefined)
  assert.equal(total({ bounds, counts: [3, 1, 0, 1] }), 5)
})
