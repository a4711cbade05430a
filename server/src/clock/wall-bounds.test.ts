import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFakeClock } from '../../../test/helpers/fake-clock.ts'
import { FollowedWall } from './clock.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

function setUp(leftBeforeMs?: number) {
  const clock = createFakeClock()
  const leftAtMs = leftBeforeMs === undefined ? undefined : clock.wallMs() - leftBeforeMs
  const wall = new FollowedWall(clock, leftAtMs)
  /** Both bounds, as seen from the wall clock. */
  const around = () => [wall.earliestMs() - clock.wallMs(), wall.latestMs() - clock.wallMs()]
  return { clock, wall, around }
}

describe('how far the wall clock is believed', () => {
  it('is its time where it does not jump, however it is steered', async () => {
    const { clock, around } = setUp()
    for (let second = 0; second < 20; second++) {
      assert.deepEqual(around(), [0, 0])
      clock.jumpWall(second % 3 === 0 ? 4_900 : -2_000)
      assert.deepEqual(around(), [0, 0])
      await clock.advance(1000)
    }
  })

  it('is not followed ahead at once, and goes back with it', async () => {
    const { clock, around } = setUp()
    await clock.advance(500)
    clock.jumpWall(3 * DAY_MS)
    assert.deepEqual(around(), [-3 * DAY_MS, 0], 'before anybody has looked')
    await clock.advance(70_000)
    assert.deepEqual(around(), [-3 * DAY_MS, 0])
    clock.jumpWall(-3 * DAY_MS)
    assert.equal(around()[0], 0)
    await clock.advance(2000)
    assert.deepEqual(around(), [0, 3 * DAY_MS], 'what was stamped meanwhile is that much later')
    await clock.stall(DAY_MS)
    assert.deepEqual(around(), [0, 0])
  })

  it('is not followed back at once', async () => {
    const { clock, around } = setUp()
    clock.jumpWall(-HOUR_MS)
    assert.deepEqual(around(), [0, HOUR_MS])
    await clock.advance(5000)
    clock.jumpWall(2 * HOUR_MS)
    await clock.advance(5000)
    assert.deepEqual(around(), [-2 * HOUR_MS, 0])
  })

  it('is followed once the clock has stayed for a day, counted from its last jump', async () => {
    const { clock, around } = setUp()
    clock.jumpWall(30 * DAY_MS)
    await clock.advance(1000)
    await clock.stall(DAY_MS - 5000)
    assert.deepEqual(around(), [-30 * DAY_MS, 0])
    clock.jumpWall(DAY_MS)
    await clock.advance(10_000)
    assert.deepEqual(around(), [-31 * DAY_MS, 0])
    await clock.stall(DAY_MS)
    assert.deepEqual(around(), [0, 0])
  })

  it('is steered as the clock is while it is in doubt', async () => {
    const { clock, around } = setUp()
    clock.jumpWall(DAY_MS)
    await clock.advance(1000)
    clock.jumpWall(1000)
    await clock.advance(1000)
    assert.deepEqual(around(), [-DAY_MS, 0])
  })

  it('is at a start what it was before, for an hour: a stop and a jump look the same', async () => {
    const { clock, around } = setUp(3 * DAY_MS)
    assert.deepEqual(around(), [-3 * DAY_MS, 0])
    await clock.advance(5000)
    await clock.stall(HOUR_MS - 10_000)
    assert.deepEqual(around(), [-3 * DAY_MS, 0])
    await clock.advance(10_000)
    assert.deepEqual(around(), [0, 0])
  })

  it('is the clock’s at a start where that was set back, or nothing is known', () => {
    assert.deepEqual(setUp(-3 * DAY_MS).around(), [0, 0])
    assert.deepEqual(setUp().around(), [0, 0])
  })

  it('leaves no timer behind', () => {
    const { clock, wall } = setUp()
    wall.close()
    wall.close()
    assert.equal(clock.pending(), 0)
  })
})
