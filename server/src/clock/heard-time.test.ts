import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFakeClock } from '../../../test/helpers/fake-clock.ts'
import { HeardTime, type Standstill } from './clock.ts'

/** Turns of the event loop, each with its own poll. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}

function setUp() {
  const clock = createFakeClock()
  const refuses = { now: false, times: 0 }
  const ended: Standstill[] = []
  const time = new HeardTime(clock, {
    startMs: 1000,
    isRefusing: () => refuses.now,
    refusals: () => refuses.times,
    onStandstill: (standstill) => void ended.push(standstill),
  })
  return { clock, refuses, ended, time }
}

describe('heard time', () => {
  it('moves with the monotonic clock, and not with the wall clock', async () => {
    const { clock, ended, time } = setUp()
    assert.deepEqual([time.nowMs(), time.heardMs()], [1000, 1000])
    await clock.advance(4321)
    clock.jumpWall(86_400_000)
    assert.deepEqual([time.nowMs(), time.heardMs()], [5321, 5300])
    await clock.advance(679)
    assert.deepEqual([time.nowMs(), time.heardMs()], [6000, 6000])
    assert.deepEqual(ended, [])
  })

  it('passes by a second at most in one step, and tells of what was longer', async () => {
    const { clock, ended, time } = setUp()
    await clock.advance(950)
    await clock.stall(900)
    assert.deepEqual([time.nowMs(), ended.length], [2850, 0], 'busy for a while')
    await clock.stall(5500)
    assert.equal(time.nowMs(), 3850)
    assert.deepEqual(ended, [{ fromMs: 2850, toMs: 3850, lastedMs: 5500, cause: 'process' }])
    await clock.advance(1000)
    assert.deepEqual([time.nowMs(), time.heardMs()], [4850, 4850])
    assert.equal(ended.length, 1)
  })

  it('is heard only once what had arrived was read: some turns, after a standstill more', async () => {
    const clock = createFakeClock()
    const ticks: (() => void)[] = []
    let monotonicMs = 0
    const manual = {
      ...clock,
      monotonicMs: () => monotonicMs,
      every: (_periodMs: number, run: () => void) => {
        ticks.push(run)
        return { cancel() {} }
      },
    }
    const time = new HeardTime(manual)
    monotonicMs = 100
    ticks[0]?.()
    assert.equal(time.heardMs(), 0, 'a poll is still to come')
    await turns(1)
    assert.equal(time.heardMs(), 100)
    monotonicMs = 30_100
    ticks[0]?.()
    await turns(5)
    assert.equal(time.heardMs(), 100)
    monotonicMs = 30_200
    ticks[0]?.()
    await turns(2)
    assert.equal(time.heardMs(), 100, 'a tick in between hastens nothing')
    await turns(3)
    assert.equal(time.heardMs(), 1100)
  })

  it('stands while what is asked is refused, and goes on from where it stood', async () => {
    const { clock, ended, refuses, time } = setUp()
    await clock.advance(1000)
    refuses.now = true
    await clock.advance(24_000)
    assert.equal(time.heardMs(), 2000)
    assert(time.nowMs() >= 2000 && time.nowMs() <= 3000)
    const stoodAtMs = time.nowMs()
    await clock.advance(1000)
    assert.equal(time.nowMs(), stoodAtMs)
    assert.deepEqual(ended, [])
    refuses.now = false
    await clock.advance(100)
    assert.deepEqual(ended, [{ fromMs: 2000, toMs: stoodAtMs, lastedMs: 25_100, cause: 'refusal' }])
    await clock.advance(1000)
    assert.equal(time.nowMs(), stoodAtMs + 1000)
  })

  it('counts a single refusal between two looks', async () => {
    const { clock, ended, refuses, time } = setUp()
    await clock.advance(1000)
    refuses.times++
    await clock.advance(100)
    assert.equal(time.heardMs(), 2000)
    await clock.advance(100)
    assert.deepEqual(
      ended.map(({ fromMs, cause }) => [fromMs, cause]),
      [[2000, 'refusal']],
    )
  })

  it('is not heard where something was refused while it was read', async () => {
    const { clock, ended, refuses, time } = setUp()
    // As a request of this very turn would be.
    clock.every(100, () => setImmediate(() => refuses.times++))
    await clock.advance(500)
    assert.equal(time.heardMs(), 1100)
    assert.deepEqual(ended, [])
  })

  it('never decreases, whatever happens', async () => {
    const { clock, refuses, time } = setUp()
    let before = [time.nowMs(), time.heardMs()]
    for (let step = 0; step < 400; step++) {
      refuses.now = step % 7 === 0
      if (step % 11 === 0) refuses.times++
      await (step % 5 === 0 ? clock.stall((step * 37) % 3000) : clock.advance((step * 53) % 400))
      const now = [time.nowMs(), time.heardMs()]
      assert((now[0] ?? 0) >= (before[0] ?? 0) && (now[1] ?? 0) >= (before[1] ?? 0))
      assert((now[1] ?? 0) <= (now[0] ?? 0))
      before = now
    }
  })

  it('leaves no timer behind', async () => {
    const { clock, time } = setUp()
    time.close()
    time.close()
    assert.equal(clock.pending(), 0)
  })
})
