import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeClock } from '../../../test/helpers/fake-clock.ts'
import { Turns } from './turns.ts'

/** @param sliceMs what each slice takes */
function open(sliceMs = 0) {
  const order: string[] = []
  const clock = createFakeClock()
  let workedMs = 0
  const turns = new Turns({ ...clock, monotonicMs: () => clock.monotonicMs() + workedMs })
  async function work(caller: string, slices: number): Promise<string> {
    for (let slice = 0; slice < slices; slice++) {
      await turns.next(caller)
      workedMs += sliceMs
      order.push(caller)
    }
    return caller
  }
  return { clock, turns, order, work }
}

test('callers take turns, however much one of them has begun', async () => {
  const { turns, order, work } = open()
  const greedy = Array.from({ length: 50 }, () => work('greedy', 10))
  assert.equal(await work('modest', 3), 'modest')
  assert.ok(order.length <= 8, `${order.length} slices until the modest one was done`)
  assert.equal((await Promise.all(greedy)).length, 50)
  assert.equal(turns.waiting, 0)
})

test('one slice in each turn of the event loop', async () => {
  const { order, work } = open()
  const done = [work('a', 3), work('b', 3)]
  const seen: number[] = []
  for (let turn = 0; turn < 6; turn++) {
    await new Promise<void>((resolve) => setImmediate(resolve))
    seen.push(order.length)
  }
  await Promise.all(done)
  for (const [turn, slices] of seen.entries()) assert.ok(slices <= turn + 1, `${slices} in ${turn + 1} turns`)
})

test('after a long slice its caller rests as long, and meanwhile it is the turn of others', async () => {
  const { clock, turns, order, work } = open(40)
  const greedy = [work('greedy', 2), work('greedy', 1)]
  await clock.advance(39)
  assert.deepEqual(order, ['greedy'])
  assert.equal(turns.waiting, 1)
  const modest = work('modest', 1)
  await clock.advance(0)
  assert.deepEqual(order, ['greedy', 'modest'])
  await clock.advance(1)
  assert.deepEqual(order, ['greedy', 'modest', 'greedy'])
  // Who asks while it rests has no turn sooner either.
  const late = work('greedy', 1)
  await clock.advance(39)
  assert.equal(order.length, 3)
  await clock.advance(1_000)
  await Promise.all([...greedy, modest, late])
  assert.equal(order.length, 5)
  assert.equal(turns.waiting, 0)
  assert.equal(clock.pending(), 0)
})

test('nobody rests longer than a tenth of a second, and a short slice needs no rest', async () => {
  const { clock, order, work } = open(10_000)
  const long = work('long', 2)
  await clock.advance(0)
  await clock.advance(100)
  assert.equal(order.length, 2)
  await clock.advance(100)
  await long
  const short = open(5)
  await short.work('short', 20)
  assert.equal(short.clock.pending(), 0)
})
