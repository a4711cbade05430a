import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Turns } from './turns.ts'

function open() {
  const order: string[] = []
  const turns = new Turns()
  async function work(caller: string, slices: number): Promise<string> {
    for (let slice = 0; slice < slices; slice++) {
      await turns.next(caller)
      order.push(caller)
    }
    return caller
  }
  return { turns, order, work }
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
