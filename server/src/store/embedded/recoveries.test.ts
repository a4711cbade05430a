import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seededRandom } from '../../../../test/helpers/fake-clock.ts'
import { addRecovery, liftDeadline, pruneRecoveries, type Recovery } from './recoveries.ts'

const PERIOD_MAX_MS = 1000

/** Recoveries at growing times, some close together and some far apart. */
function randomRecoveries(seed: number, count: number): readonly Recovery[] {
  const bytes = seededRandom(seed).bytes(count * 2)
  let atMs = 0
  return Array.from({ length: count }, (_, index) => {
    atMs += bytes.readUInt16BE(index * 2) % (index % 3 === 0 ? 2000 : 300)
    return { fromMs: atMs, toMs: atMs }
  })
}

describe('recoveries', () => {
  it('give a full period to whoever lived at one, and nothing to others', () => {
    const recoveries = [{ fromMs: 100, toMs: 100 }]
    assert.equal(liftDeadline(101, 50, recoveries), 150)
    assert.equal(liftDeadline(100, 50, recoveries), 100, 'had expired')
    assert.equal(liftDeadline(170, 50, recoveries), 170, 'was kept alive afterwards')
  })

  it('carry over: who lived at the second only because of the first lives', () => {
    const recoveries = [100, 140, 180].map((atMs) => ({ fromMs: atMs, toMs: atMs }))
    assert.equal(liftDeadline(120, 50, recoveries), 230)
    assert.equal(liftDeadline(99, 50, recoveries), 99)
  })

  it('can be forgotten without cutting anybody short', () => {
    for (let seed = 0; seed < 200; seed++) {
      const all = randomRecoveries(seed, 12)
      const nowMs = (all.at(-1)?.toMs ?? 0) + (seed % 7) * 250
      const kept = pruneRecoveries(all, nowMs, PERIOD_MAX_MS)
      for (let deadlineMs = 0; deadlineMs < nowMs + PERIOD_MAX_MS; deadlineMs += 37) {
        const periodMs = 1 + ((deadlineMs * 7) % PERIOD_MAX_MS)
        const full = liftDeadline(deadlineMs, periodMs, all)
        if (full > nowMs) assert.equal(liftDeadline(deadlineMs, periodMs, kept), full, `seed ${seed}`)
      }
    }
    assert.deepEqual(pruneRecoveries([{ fromMs: 0, toMs: 0 }], PERIOD_MAX_MS, PERIOD_MAX_MS), [])
  })

  it('are bounded, and joining old ones makes nobody die earlier', () => {
    let bounded: readonly Recovery[] = []
    const all = randomRecoveries(1, 500)
    for (const { fromMs } of all) bounded = addRecovery(bounded, fromMs)
    assert(bounded.length <= 64)
    for (let deadlineMs = 0; deadlineMs < 100_000; deadlineMs += 61)
      assert(liftDeadline(deadlineMs, 400, bounded) >= liftDeadline(deadlineMs, 400, all))
  })
})
