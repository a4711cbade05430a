import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FairQueue } from './fair-queue.ts'

/** Checks that end when they are told to. */
function open(runningMax: number, waitingMax: number) {
  const queue = new FairQueue({ runningMax, waitingMax })
  const begun: string[] = []
  const ends: (() => void)[] = []
  const ask = (whose: string, name = whose) =>
    queue.run(whose, () => {
      begun.push(name)
      return new Promise<void>((resolve) => ends.push(resolve))
    })
  const end = async (count = 1): Promise<void> => {
    for (const done of ends.splice(0, count)) done()
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  return { queue, begun, ask, end }
}

describe('a fair queue', () => {
  it('has few run at a time, and one that fails makes room too', async () => {
    const { queue, begun, ask, end } = open(2, 10)
    const asked = [ask('a', 'a1'), ask('a', 'a2'), ask('a', 'a3')]
    assert.deepEqual(begun, ['a1', 'a2'])
    await end()
    assert.deepEqual(begun, ['a1', 'a2', 'a3'])
    await end(2)
    await Promise.all(asked)
    await assert.rejects(async () => queue.run('a', () => Promise.reject(new Error('no'))), { message: 'no' })
    for (let count = 0; count < 3; count++) await queue.run('a', async () => undefined)
  })

  it('lets those who wait in by turns, not by numbers', async () => {
    const { begun, ask, end } = open(1, 20)
    const asked = [ask('a', 'a0'), ...[1, 2, 3, 4].map((index) => ask('a', `a${index}`)), ask('b'), ask('c')]
    for (let count = 0; count < asked.length; count++) await end()
    assert.deepEqual(begun, ['a0', 'a1', 'b', 'c', 'a2', 'a3', 'a4'])
    await Promise.all(asked)
  })

  it('leaves room for others to wait, however many one asks for', async () => {
    const { queue, begun, ask, end } = open(1, 10)
    const asked = Array.from({ length: 100 }, () => ask('a'))
    assert.equal(asked.filter((one) => one !== undefined).length, 1 + 5, 'half of those that may wait')
    const other = ask('b')
    assert.ok(other !== undefined)
    assert.deepEqual(queue.figures, { used: 7, max: 11, refused: { share: 94, full: 0 } })
    for (let count = 0; count < 3; count++) await end()
    assert.equal(begun[2], 'b')
    for (let count = 0; count < 10; count++) await end()
    await Promise.all([...asked, other])
  })
})
