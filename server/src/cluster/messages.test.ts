import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decodeMessage, encodeMessage, keeperOf, Told } from './cluster.ts'

describe('a message between nodes', () => {
  it('is what another version of this program reads', () => {
    const message = encodeMessage({ kind: 'wake', linkId: 7 }, Buffer.from('é'))
    assert.equal(
      message.toString('hex'),
      '010000001a7b226b696e64223a2277616b65222c226c696e6b4964223a377dc3a9',
    )
    assert.deepEqual(decodeMessage(message), { head: { kind: 'wake', linkId: 7 }, body: Buffer.from('é') })
  })

  it('is dropped where it is of another version, cut off, or no message', () => {
    const message = encodeMessage({ kind: 'wake' })
    const newer = Buffer.from(message)
    newer.writeUInt8(2)
    const cut = message.subarray(0, -1)
    const list = Buffer.concat([Buffer.from([1, 0, 0, 0, 2]), Buffer.from('[]')])
    for (const bytes of [newer, cut, list, Buffer.alloc(0), Buffer.from([1, 0, 0, 0, 9, 123])])
      assert.equal(decodeMessage(bytes), undefined)
  })
})

describe('what a node has heard of what it was told', () => {
  const upTo = (number: number) => new Map([[0, number]])

  it('is all, in whatever order and however often it came', () => {
    const told = new Told()
    for (const number of [2, 1, 2, 4, 3, 1]) told.heard(0, number)
    assert.deepEqual(told.look(upTo(4)), [])
    assert.deepEqual(told.look(upTo(4)), [])
  })

  it('is not missed while it may be on its way, and is at the next look', () => {
    const told = new Told()
    told.heard(0, 1)
    told.heard(0, 3)
    assert.deepEqual(told.look(upTo(3)), [])
    assert.deepEqual(told.look(upTo(3)), [0])
    told.caughtUp(0, 3)
    assert.deepEqual(told.look(upTo(3)), [])
    assert.deepEqual(told.look(upTo(4)), [])
    told.heard(0, 4)
    assert.deepEqual(told.look(upTo(4)), [])
  })

  it('is counted by each part of the store for itself', () => {
    const told = new Told()
    told.heard(3, 1)
    told.heard(8, 1)
    const counts = new Map([
      [3, 1],
      [8, 2],
    ])
    assert.deepEqual(told.look(counts), [])
    assert.deepEqual(told.look(counts), [8])
    told.caughtUp(8, 2)
    assert.deepEqual(told.look(counts), [])
  })

  it('of a part that is away is neither missed nor forgotten', () => {
    const told = new Told()
    assert.deepEqual(told.look(upTo(2)), [])
    assert.deepEqual(told.look(new Map([[0, undefined]])), [])
    assert.deepEqual(told.look(upTo(2)), [0])
  })

  it('is missed where the store counts from less than it did: it has lost what it counted', () => {
    const told = new Told()
    for (const number of [1, 2, 3, 4, 5]) told.heard(0, number)
    assert.deepEqual(told.look(upTo(5)), [])
    assert.deepEqual(told.look(upTo(2)), [0])
    told.caughtUp(0, 2)
    assert.deepEqual(told.look(upTo(3)), [])
    assert.deepEqual(told.look(upTo(3)), [0])
    told.heard(0, 3)
    assert.deepEqual(told.look(upTo(3)), [])
  })

  it('is missed too where nothing came after it', () => {
    const told = new Told()
    assert.deepEqual(told.look(upTo(1)), [])
    assert.deepEqual(told.look(upTo(1)), [0])
  })
})

describe('who sweeps a partition', () => {
  it('is the same whoever asks, in whatever order the nodes are named', () => {
    for (let partition = 0; partition < 50; partition++)
      assert.equal(keeperOf(`${partition}`, ['a', 'b', 'c']), keeperOf(`${partition}`, ['c', 'a', 'b']))
    assert.equal(keeperOf('0', []), undefined)
  })

  it('is spread evenly, and changes only where a node goes', () => {
    const nodes = ['a', 'b', 'c', 'd']
    const counts = new Map<string, number>()
    for (let partition = 0; partition < 256; partition++) {
      const sweeper = keeperOf(`${partition}`, nodes) ?? ''
      counts.set(sweeper, (counts.get(sweeper) ?? 0) + 1)
      if (sweeper !== 'd') assert.equal(keeperOf(`${partition}`, nodes.slice(0, 3)), sweeper)
    }
    for (const node of nodes) assert.ok((counts.get(node) ?? 0) > 40, `${node} has ${counts.get(node)}`)
  })
})
