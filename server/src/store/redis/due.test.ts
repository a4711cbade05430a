import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Due } from './due.ts'

const all = () => true

test('a partition is due at the earliest of what is due there, and until it was looked at', () => {
  const due = new Due(3)
  assert.deepEqual(due.at(0, all), [0, 1, 2], 'nobody knows yet')
  for (const partition of [0, 1, 2]) due.set(partition, Number.POSITIVE_INFINITY)
  assert.deepEqual(due.at(1_000_000, all), [])
  due.notAfter(1, 500)
  due.notAfter(1, 900)
  due.notAfter(2, 400)
  assert.deepEqual([due.nextInMs(0, all), due.at(399, all)], [400, []])
  assert.deepEqual(due.at(500, all), [2, 1], 'the one that waits longest comes first')
  assert.deepEqual(
    due.at(500, (partition) => partition === 1),
    [1],
  )
  due.set(2, 700)
  assert.deepEqual(due.at(600, all), [1])
})
