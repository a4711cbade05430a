import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeClock } from '../../test/helpers/fake-clock.ts'
import { type Happened, Happenings, together } from './happenings.ts'

test('the last fifty things that happened are kept, and no more', () => {
  const happenings = new Happenings(createFakeClock())
  for (let n = 0; n < 60; n++) happenings.add({ kind: 'redis_failover', partitions: n })
  assert.equal(happenings.read().length, 50)
  assert.equal(happenings.last('redis_failover')?.partitions, 59)
  assert.equal(happenings.read()[0]?.partitions, 10)
  assert.equal(happenings.last('node_gone'), undefined)
})

const at = (atWallMs: number, kind: Happened['kind'], node: string): Happened => ({ atWallMs, kind, node })

test('what several processes saw is one thing, and what one saw twice is two', () => {
  const lists = new Map([
    ['a', [at(1_000, 'node_silent', 'c/1'), at(9_500, 'node_gone', 'c/1')]],
    ['b', [at(1_400, 'node_silent', 'c/1'), at(5_000, 'node_silent', 'c/1')]],
  ])
  assert.deepEqual(
    together(lists).map(({ kind, at, seenBy }) => [kind, Date.parse(at), seenBy]),
    [
      ['node_gone', 9_500, ['a']],
      ['node_silent', 5_000, ['b']],
      ['node_silent', 1_000, ['a', 'b']],
    ],
  )
  const apart = new Map([
    ['a', [at(0, 'node_silent', 'c/1')]],
    ['b', [at(60_000, 'node_silent', 'c/1')]],
  ])
  assert.equal(together(apart).length, 2, 'a minute later it is something else')
})
