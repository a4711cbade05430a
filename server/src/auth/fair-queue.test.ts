import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CheckQueue } from './check-queue.ts'

/** Checks that end when they are told to. */
function open(runningMax: number, waitingMax: number) {
  const queue = new CheckQueue(runningMax, waitingMax)
  const begun: (() => void)[] = []
  const check = () => queue.run(() => new Promise<void>((resolve) => begun.push(resolve)))
  return { queue, begun, check }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

test('few checks run at a time, in the order asked, and one that fails makes room too', async () => {
  const { queue, begun, check } = open(2, 10)
  const checks = [check(), check(), check()]
  await turn()
  assert.equal(begun.length, 2)
  begun[0]?.()
  await turn()
  assert.equal(begun.length, 3)
  begun[1]?.()
  begun[2]?.()
  await Promise.all(checks)
  await assert.rejects(
    queue.run(() => Promise.reject(new Error('no'))),
    { message: 'no' },
  )
  await queue.run(async () => undefined)
})

test('past those that may wait, the next is told to come back', async () => {
  const { begun, check } = open(1, 1)
  const checks = [check(), check()]
  await turn()
  await assert.rejects(check(), { code: 'unavailable' })
  begun[0]?.()
  await turn()
  begun[1]?.()
  await Promise.all(checks)
})
