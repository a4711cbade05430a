import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeClock } from '../../test/helpers/fake-clock.ts'
import { stopWithin } from './stop.ts'

test('a stop that hangs is over 3 s after the drain: 8 s at the default', async () => {
  const clock = createFakeClock()
  let isOver = false
  const stopped = stopWithin({ close: () => new Promise(() => undefined) }, 5, clock)
  void stopped.then(() => (isOver = true))
  await clock.advance(7_999)
  assert.equal(isOver, false)
  await clock.advance(1)
  assert.equal(await stopped, false)
})

test('a stop that is done in time is waited for no longer, and one that fails says so', async () => {
  const clock = createFakeClock()
  assert.equal(await stopWithin({ close: async () => undefined }, 5, clock), true)
  assert.equal(clock.pending(), 0)
  const broken = { close: () => Promise.reject(new Error('disk')) }
  await assert.rejects(stopWithin(broken, 5, clock), { message: 'disk' })
})
