import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cursorOf, FIRST_PAGE, hasRoom, newer, older, readStack } from './page-stack.ts'

test('one comes back the way one went', () => {
  const third = older(older(FIRST_PAGE, 'a'), 'b')
  assert.equal(cursorOf(third), 'b')
  assert.equal(cursorOf(newer(third)), 'a')
  assert.equal(cursorOf(newer(newer(third))), undefined)
  assert.deepEqual(newer(FIRST_PAGE), FIRST_PAGE)
})

test('it does not grow for ever', () => {
  const full = Array.from({ length: 4_000 }, (_, index) => `${index}`)
  assert.equal(hasRoom(full), false)
  assert.equal(older(full, 'more'), full)
})

test('what the browser has kept is read with suspicion', () => {
  assert.deepEqual(readStack({ pages: ['a', 'b'] }), ['a', 'b'])
  for (const state of [null, undefined, 1, 'a', {}, { pages: 'a' }, { pages: [1] }, { pages: Array(5_000) }])
    assert.deepEqual(readStack(state), FIRST_PAGE)
})
