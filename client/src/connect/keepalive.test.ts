import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createFakeClock } from '../../../test/helpers/fake-clock.ts'
import { KeepAlive } from './keepalive.ts'

it('a clock by which every fresh token is about to end makes no flood of keepalives', async () => {
  const clock = createFakeClock()
  let beats = 0
  const keepAlive = new KeepAlive({
    clock,
    periodMs: 60_000,
    renewInMs: () => 1,
    beat: async () => {
      beats++
    },
    onLost: (error) => assert.fail(String(error)),
  })
  for (let step = 0; step < 50; step++) await clock.advance(100)
  keepAlive.stop()
  assert.equal(beats, 5)
})
