import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { CALM, type Dear, type LoadBounds, type LoadState, nextLoad, Shedding } from './shedding.ts'

const BOUNDS: LoadBounds = { lagMs: 500, writePercent: 75 }

/** Levels after each sample, ten a second. */
function levelsOf(samples: readonly (readonly [lagMs: number, writePercent?: number])[], bounds = BOUNDS) {
  let state: LoadState = CALM
  return samples.map(([lagMs, writePercent = 0], index) => {
    state = nextLoad(state, { atMs: index * 100, lagMs, writePercent }, bounds)
    return state.level
  })
}

const times = <T>(count: number, value: T): readonly T[] => new Array<T>(count).fill(value)

describe('the level of load', () => {
  it('rises with the lag of the loop, not for one long turn', () => {
    assert.deepEqual(levelsOf([[0], [9_000], [0], [9_000], [0]]), times(5, 'calm'))
    assert.deepEqual(levelsOf([[499], [499], [500], [500]]), ['calm', 'calm', 'calm', 'busy'])
    assert.deepEqual(levelsOf([[1_000], [1_000]]), ['calm', 'overloaded'])
    assert.deepEqual(levelsOf([[600], [600], [1_200], [1_200]]), ['calm', 'busy', 'busy', 'overloaded'])
  })

  it('rises with what waits to be written', () => {
    assert.deepEqual(
      levelsOf([
        [0, 74.9],
        [0, 75],
        [0, 87.4],
        [0, 87.5],
      ]),
      [...['calm', 'busy', 'busy', 'overloaded']],
    )
  })

  it('falls after two seconds below half, and does not flap', () => {
    const busy = [[500], [500]] as const
    assert.deepEqual(levelsOf([...busy, ...times(40, [260] as const)]).at(-1), 'busy', 'above half')
    const falling = levelsOf([...busy, ...times(22, [100] as const)])
    assert.equal(falling.lastIndexOf('busy'), 22, 'the second sample that was better, and two seconds')
    assert.equal(falling.at(-1), 'calm')
    const again = levelsOf([...busy, ...times(15, [0] as const), [300], ...times(15, [0] as const)])
    assert.equal(again.at(-1), 'busy', 'from the start')
  })

  it('falls from overload to busy while it is half as bad', () => {
    const levels = levelsOf([[1_000], [1_000], ...times(30, [300] as const)])
    assert.equal(levels.at(-1), 'busy')
    assert.ok(!levels.slice(1).includes('calm'))
  })

  it('can be switched off, each measure for itself', () => {
    assert.deepEqual(
      levelsOf(times(3, [9_000, 0] as const), { lagMs: 0, writePercent: 75 }),
      times(3, 'calm'),
    )
    assert.deepEqual(
      levelsOf(times(3, [0, 100] as const), { lagMs: 500, writePercent: 100 }),
      times(3, 'calm'),
    )
  })
})

describe('shedding', () => {
  const all: readonly Dear[] = [
    ...(['bulk', 'history', 'presence', 'mask-preview', 'dear-masks'] as const),
    ...(['masks', 'sign-in', 'unknown-token'] as const),
  ]
  const refusedAt = (lagMs: number) => {
    const shedding = new Shedding(BOUNDS)
    for (let atMs = 0; atMs < 300; atMs += 100) shedding.observe({ atMs, lagMs, writePercent: 0 })
    const refused = all.filter((what) => {
      try {
        shedding.admit(what)
        return false
      } catch (error) {
        assert.ok(error instanceof RollcallError)
        assert.deepEqual([error.code, error.retryAfterSeconds], ['unavailable', 2])
        return true
      }
    })
    assert.deepEqual([...shedding.refused.keys()], refused, 'counted')
    return refused
  }

  it('refuses what is dear first, then what is new', () => {
    assert.deepEqual(refusedAt(0), [])
    assert.deepEqual(refusedAt(500), all.slice(0, 5))
    assert.deepEqual(refusedAt(1_000), all)
  })
})
