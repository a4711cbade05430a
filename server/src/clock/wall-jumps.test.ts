import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createFakeClock } from '../../../test/helpers/fake-clock.ts'
import { watchWallJumps } from './clock.ts'

it('a jump of the wall clock of more than 5 s is told, either way and once; steering and standstills are none', async () => {
  const clock = createFakeClock()
  const jumps: number[] = []
  const stop = watchWallJumps(clock, (byMs) => void jumps.push(byMs))
  await clock.advance(3_000)
  clock.jumpWall(4_900)
  await clock.advance(1_000)
  await clock.stall(60_000)
  assert.deepEqual(jumps, [])
  clock.jumpWall(3 * 86_400_000)
  await clock.advance(70_000)
  clock.jumpWall(-3 * 86_400_000)
  await clock.advance(2_000)
  assert.deepEqual(jumps, [259_200_000, -259_200_000])
  stop()
  stop()
  assert.equal(clock.pending(), 0)
})
