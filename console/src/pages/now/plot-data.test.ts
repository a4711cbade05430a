import assert from 'node:assert/strict'
import { test } from 'node:test'
import { add, EMPTY } from './history.ts'
import { alone, inWords, linesOf, scaleOf, valuesOf } from './plot-data.ts'
import { statisticsOf } from './statistics-fixture.ts'

test('a value between gaps stands alone', () => {
  assert.deepEqual(alone([1, null, 2, 3, null, 4]), [0, 5])
  assert.deepEqual(alone([null, 0, undefined]), [1])
  assert.deepEqual(alone([]), [])
})

test('a scale has round steps and air above, and a least height', () => {
  assert.deepEqual(
    [null, 0, 3.8, 4, 9, 19, 100, 1_234].map((greatest) => linesOf(scaleOf(greatest, 4))),
    [
      [0, 1, 2, 3, 4],
      [0, 1, 2, 3, 4],
      [0, 1, 2, 3, 4],
      [0, 2, 4, 6],
      [0, 5, 10],
      [0, 5, 10, 15, 20],
      [0, 50, 100, 150],
      [0, 500, 1_000, 1_500],
    ],
  )
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
