import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seededRandom } from '../../../../../test/helpers/fake-clock.ts'
import { FakeDisk } from '../../../../../test/helpers/fake-disk.ts'
import { liftDeadline, type Recovery } from '../../recovery.ts'
import { encodeFields } from '../fields.ts'
import {
  addRecovery,
  NO_RECOVERIES,
  pruneRecoveries,
  type Recoveries,
  readRecoveries,
  recoveriesChange,
} from './recoveries.ts'

const PERIOD_MAX_MS = 1000

/** Recoveries at growing times, some close together and some far apart. */
function randomRecoveries(seed: number, count: number): readonly Recovery[] {
  const bytes = seededRandom(seed).bytes(count * 2)
  let atMs = 0
  return Array.from({ length: count }, (_, index) => {
    atMs += bytes.readUInt16BE(index * 2) % (index % 3 === 0 ? 2000 : 300)
    // Some are starts, after which nobody has less than so much.
    return { fromMs: atMs - (index % 4) * 10, toMs: atMs, leastMs: index % 5 === 0 ? 1600 : 0 }
  })
}

/** As they would be had they been added one after the other. */
function numbered(recoveries: readonly Recovery[]): Recoveries {
  return recoveries.reduce(addRecovery, NO_RECOVERIES)
}

describe('recoveries', () => {
  it('give a full period to whoever lived at one, and nothing to others', () => {
    const recoveries = [{ fromMs: 100, toMs: 100, leastMs: 0 }]
    assert.equal(liftDeadline(101, 50, recoveries), 150)
    assert.equal(liftDeadline(100, 50, recoveries), 100, 'had expired')
    assert.equal(liftDeadline(170, 50, recoveries), 170, 'was kept alive afterwards')
  })

  it('give not less than their least, however short the period', () => {
    const start = [{ fromMs: 90, toMs: 100, leastMs: 60 }]
    assert.equal(liftDeadline(91, 50, start), 160)
    assert.equal(liftDeadline(91, 70, start), 170)
    assert.equal(liftDeadline(90, 50, start), 90, 'had expired')
    assert.equal(pruneRecoveries(numbered(start), 159, 50).list.length, 1)
    assert.deepEqual(pruneRecoveries(numbered(start), 160, 50), { list: [], newest: 1 })
  })

  it('are read as they were written, and as an earlier version wrote them', async () => {
    const rows = new FakeDisk().open()
    const recoveries = numbered([
      { fromMs: 1, toMs: 2, leastMs: 60_000 },
      { fromMs: 3, toMs: 4, leastMs: 0 },
    ])
    const change = recoveriesChange(recoveries)
    await rows.commit([change])
    assert.deepEqual(readRecoveries(rows), recoveries)
    await rows.commit([{ ...change, value: encodeFields([2, 1, 1, 5, 5]) }])
    const ofBefore = [1, 5].map((atMs) => ({ fromMs: atMs, toMs: atMs, leastMs: 0 }))
    assert.deepEqual(readRecoveries(rows), numbered(ofBefore))
    await rows.commit([{ ...change, value: encodeFields([0]) }])
    assert.deepEqual(readRecoveries(rows), NO_RECOVERIES)
  })

  it('carry over: who lived at the second only because of the first lives', () => {
    const recoveries = [100, 140, 180].map((atMs) => ({ fromMs: atMs, toMs: atMs, leastMs: 0 }))
    assert.equal(liftDeadline(120, 50, recoveries), 230)
    assert.equal(liftDeadline(99, 50, recoveries), 99)
  })

  it('can be forgotten without cutting anybody short', () => {
    for (let seed = 0; seed < 200; seed++) {
      const all = randomRecoveries(seed, 12)
      const nowMs = (all.at(-1)?.toMs ?? 0) + (seed % 7) * 250
      const kept = pruneRecoveries(numbered(all), nowMs, PERIOD_MAX_MS).list
      for (let deadlineMs = 0; deadlineMs < nowMs + PERIOD_MAX_MS; deadlineMs += 37) {
        const periodMs = 1 + ((deadlineMs * 7) % PERIOD_MAX_MS)
        const full = liftDeadline(deadlineMs, periodMs, all)
        if (full > nowMs) assert.equal(liftDeadline(deadlineMs, periodMs, kept), full, `seed ${seed}`)
      }
    }
    const old = numbered([{ fromMs: 0, toMs: 0, leastMs: 0 }])
    assert.deepEqual(pruneRecoveries(old, PERIOD_MAX_MS, PERIOD_MAX_MS).list, [])
  })

  it('are bounded, and joining old ones makes nobody die earlier', () => {
    let bounded = NO_RECOVERIES
    const all = randomRecoveries(1, 500)
    for (const recovery of all) bounded = addRecovery(bounded, recovery)
    assert(bounded.list.length <= 64)
    assert.equal(bounded.newest, 500)
    for (let deadlineMs = 0; deadlineMs < 100_000; deadlineMs += 61)
      assert(liftDeadline(deadlineMs, 400, bounded.list) >= liftDeadline(deadlineMs, 400, all))
  })
})
