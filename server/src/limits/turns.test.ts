import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Turns } from './turns.ts'

/** A clock that every step of work moves by so much. */
function open(stepMs: number) {
  let nowMs = 0
  const order: string[] = []
  const turns = new Turns({ monotonicMs: () => nowMs })
  function* steps(name: string, count: number): Generator<void, string> {
    for (let step = 0; step < count; step++) {
      nowMs += stepMs
      order.push(name)
      yield
    }
    return name
  }
  return { turns, order, steps }
}

test('callers take turns, however much one of them has begun', async () => {
  const { turns, order, steps } = open(5)
  const greedy = Array.from({ length: 50 }, () => turns.work('greedy', steps('g', 10)))
  const modest = turns.work('modest', steps('m', 3))
  assert.equal(await modest, 'm')
  assert.ok(order.length <= 8, `${order.length} slices until the modest one was done`)
  assert.equal((await Promise.all(greedy)).length, 50)
  assert.equal(turns.waiting, 0)
})

test('short steps share a slice; the loop turns between slices', async () => {
  const { turns, order, steps } = open(1)
  const done = turns.work('a', steps('a', 12))
  const before: number[] = []
  for (let turn = 0; turn < 2; turn++) {
    await new Promise<void>((resolve) => setImmediate(resolve))
    before.push(order.length)
  }
  assert.deepEqual(before, [5, 10])
  assert.equal(await done, 'a')
})

test('what one throws ends that one alone', async () => {
  const { turns, steps } = open(5)
  function* failing(): Generator<void, string> {
    yield
    throw new Error('no')
  }
  const failed = turns.work('a', failing())
  const good = turns.work('a', steps('a', 2))
  await assert.rejects(failed, { message: 'no' })
  assert.equal(await good, 'a')
})
