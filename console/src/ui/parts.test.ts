import assert from 'node:assert/strict'
import { test } from 'node:test'
import { partOf } from './parts.ts'

test('a part is never past the end, however short the list has become', () => {
  assert.deepEqual(partOf(1_000, 24, 0), { from: 0, to: 24, page: 0, pages: 42 })
  assert.deepEqual(partOf(1_000, 24, 41), { from: 984, to: 1_000, page: 41, pages: 42 })
  assert.deepEqual(partOf(10, 24, 41), { from: 0, to: 10, page: 0, pages: 1 })
  assert.deepEqual(partOf(0, 24, -1), { from: 0, to: 0, page: 0, pages: 1 })
})
