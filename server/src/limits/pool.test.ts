import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pool } from './pool.ts'

const holderOf = (organization: string, user: string): readonly string[] => [
  `organization ${organization}`,
  `caller ${organization}/${user}`,
]

/** Takes one by one until refused. */
function takeAll(pool: Pool, holder: readonly string[]): number {
  let taken = 0
  while (pool.take(holder) !== undefined) taken++
  return taken
}

test('one alone may borrow most, and leaves a share for whoever comes', () => {
  const pool = new Pool({ max: 1000, shares: [4, 1], floor: 1 })
  assert.equal(takeAll(pool, holderOf('evil', 'mallory')), 500, 'a caller: half')
  assert.equal(takeAll(pool, holderOf('evil', 'eve')), 250)
  while (pool.figures.refused.share < 50) takeAll(pool, holderOf('evil', `eve-${pool.figures.refused.share}`))
  assert.ok(pool.held('organization evil') <= 800, 'an organization: four fifths')
  assert.ok(takeAll(pool, holderOf('acme', 'vera')) >= 60, 'a newcomer finds its part')
})

test('below the floor nobody is refused while there is any', () => {
  const pool = new Pool({ max: 3, shares: [1], floor: 16 })
  assert.equal(takeAll(pool, ['a']), 3)
  assert.deepEqual(pool.figures, { used: 3, max: 3, refused: { share: 0, full: 1 } })
})

test('what is given back is free again, and giving twice gives once', () => {
  const pool = new Pool({ max: 10, shares: [9], floor: 1 })
  const give = pool.take(['a'], 9)
  assert.equal(pool.take(['a'], 1), undefined)
  give?.()
  give?.()
  assert.equal(pool.figures.used, 0)
  assert.equal(pool.held('a'), 0)
  assert.notEqual(pool.take(['a'], 9), undefined)
})

test('all or nothing, also where only the last key is over its share', () => {
  const pool = new Pool({ max: 100, shares: [9, 1], floor: 1 })
  pool.take(['o', 'c'], 50)
  assert.equal(pool.take(['o', 'c'], 1), undefined)
  assert.deepEqual([pool.held('o'), pool.held('c')], [50, 50])
})

test('whatever is taken and given, the sums agree and no greedy holder keeps a modest one out', () => {
  const pool = new Pool({ max: 1000, shares: [2], floor: 5 })
  const gives: (() => void)[] = []
  const names = ['a', 'b', 'c']
  let seed = 1
  const dice = (sides: number): number => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % sides
  }
  for (let step = 0; step < 5_000; step++) {
    const name = names[dice(3)] ?? 'a'
    const give = dice(3) === 0 ? gives.splice(dice(gives.length + 1), 1)[0] : undefined
    give?.()
    const taken = pool.take([name], 1 + dice(40))
    if (taken !== undefined) gives.push(taken)
    const held = names.reduce((sum, key) => sum + pool.held(key), 0)
    assert.equal(held, pool.figures.used)
    assert.ok(pool.figures.used <= 1000)
    // Three holders, each with twice what it left free, leave a twenty-seventh.
    const modest = pool.take(['modest'], 20)
    assert.notEqual(modest, undefined)
    modest?.()
  }
})
