import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seededRandom } from '../../../test/helpers/fake-clock.ts'
import { type Holding, Shares } from './shares.ts'
import { Tallies } from './tallies.ts'

const ON = { organizationSharePercent: 50, callerSharePercent: 25 }

describe('tallies', () => {
  it('know who has the most, whatever comes and goes', () => {
    const random = seededRandom('tallies')
    const tallies = new Tallies()
    const counts = new Map<string, number>()
    for (let step = 0; step < 5_000; step++) {
      const [which = 0, what = 0] = random.bytes(2)
      const name = `n${which % 7}`
      const before = counts.get(name) ?? 0
      if (what < 140) tallies.add(name)
      else tallies.remove(name)
      counts.set(name, what < 140 ? before + 1 : Math.max(0, before - 1))
      const most = Math.max(...counts.values())
      const largest = tallies.largest()
      assert.equal(largest === undefined ? 0 : counts.get(largest), most)
      assert.equal(tallies.of(name), counts.get(name))
    }
  })
})

describe('shares', () => {
  it('let go the oldest of the largest user of the largest organization', () => {
    const shares = new Shares(ON)
    shares.add({ organizationId: 'acme', userId: 'alice' }, 'oldest of all')
    shares.add({ organizationId: 'globex', userId: 'bob' }, 'b1')
    shares.add({ organizationId: 'globex', userId: 'bob' }, 'b2')
    shares.add({ organizationId: 'globex', userId: 'carol' }, 'c1')
    assert.equal(shares.leaving(), 'b1')
  })

  it('tell nobody apart at 100 per cent: the oldest of all goes', () => {
    const shares = new Shares({ organizationSharePercent: 100, callerSharePercent: 100 })
    shares.add({ organizationId: 'acme', userId: 'alice' }, 'oldest of all')
    for (const key of ['b1', 'b2']) shares.add({ organizationId: 'globex', userId: 'bob' }, key)
    assert.equal(shares.leaving(), 'oldest of all')
  })

  it('keep a book within its bound, and tell how many had to go for it', () => {
    const shares = new Shares(ON)
    const book = new Map<string, Holding>()
    const enter = (organizationId: string, key: string): void => {
      book.set(key, shares.add({ organizationId, userId: 'u' }, key))
    }
    const forget = (key: string): void => {
      const holding = book.get(key)
      book.delete(key)
      if (holding !== undefined) shares.remove(holding, key)
    }
    enter('acme', 'a1')
    for (const key of ['g1', 'g2', 'g3', 'g4']) enter('globex', key)
    assert.equal(shares.keepWithin(5, forget), 0)
    assert.equal(shares.keepWithin(2, forget), 3)
    assert.deepEqual([...book.keys()], ['a1', 'g4'], 'whoever has few keeps them')
  })

  it('forget whoever has nothing any more', () => {
    const shares = new Shares(ON)
    const held: [Holding, string][] = []
    for (const key of ['a', 'b', 'c']) held.push([shares.add({ organizationId: key, userId: 'u' }, key), key])
    for (const [holding, key] of held) {
      shares.remove(holding, key)
      shares.remove(holding, key)
    }
    assert.equal(shares.leaving(), undefined)
  })
})
