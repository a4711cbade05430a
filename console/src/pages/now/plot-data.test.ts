import assert from 'node:assert/strict'
import { test } from 'node:test'
import { add, EMPTY } from './history.ts'
import { alone, inWords, topOf, valuesOf } from './plot-data.ts'
import { statisticsOf } from './statistics-fixture.ts'

test('a value between gaps stands alone', () => {
  assert.deepEqual(alone([1, null, 2, 3, null, 4]), [0, 5])
  assert.deepEqual(alone([null, 0, undefined]), [1])
  assert.deepEqual(alone([]), [])
})

test('a scale has air above, and a least height', () => {
  assert.deepEqual([topOf(100, 4), topOf(0, 4), topOf(null, 4)], [112.00000000000001, 4, 4])
})

test('a line in words', () => {
  const line = { name: 'Links', of: 'connected' } as const
  const show = (value: number): string => `${value}`
  const history = [3, 7, 5].reduce(
    (seen, connected, index) => add(seen, statisticsOf(index * 1_000, { connected })),
    EMPTY,
  )
  assert.equal(inWords(line, valuesOf(history.points, line), show), 'Links: 5 now, from 3 to 7')
  assert.equal(inWords(line, [2, null], show), 'Links: nothing now, from 2 to 2')
  assert.equal(inWords(line, [null, null], show), 'Links: nothing yet')
  assert.equal(inWords(line, [], show), 'Links: nothing yet')
})
