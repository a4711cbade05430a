import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ago, count, duration, span } from './format.ts'

test('spans have two units at most, and skip what is nothing', () => {
  const given = [-5, 0, 499, 1_000, 59_600, 60_000, 3_660_000, 7_200_000, 90_061_000]
  assert.deepEqual(given.map(span), [
    '0 s',
    '0 s',
    '0 s',
    '1 s',
    '1 min',
    '1 min',
    '1 h 1 min',
    '2 h',
    '1 d 1 h',
  ])
})

test('an instant ahead of this clock is just now', () => {
  assert.equal(ago(10_000, 9_000), 'just now')
  assert.equal(ago(10_000, 52_000), '42 s ago')
})

test('numbers and durations', () => {
  assert.equal(count(1_234_567.4), '1,234,567')
  assert.deepEqual([0.2, 1.25, 12.4, 1_260].map(duration), ['0.20 ms', '1.3 ms', '12 ms', '1.3 s'])
})
