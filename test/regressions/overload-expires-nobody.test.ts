import assert from 'node:assert/strict'
import { it } from 'node:test'
import { openStillScene } from '../helpers/still-scene.ts'

it('while the server is overloaded, and for a full period afterwards, nobody expires', async () => {
  const { clock, load, scene, registrar, ended, close } = await openStillScene()
  await scene.register('phone', 15)
  const waiting = await scene.send('phone', 'waits')
  await clock.advance(14_000)
  load.isOverloaded = true
  await clock.advance(60_000)
  assert.deepEqual(ended, [], 'its token might be one that was refused unheard')
  load.isOverloaded = false
  await clock.advance(14_000)
  assert.deepEqual(ended, [])
  assert.deepEqual(await scene.waiting('phone'), [waiting])
  await clock.advance(3_000)
  assert.deepEqual(ended, ['phone'], 'who says nothing then is gone')
  await registrar.close()
  await close()
})

it('a loop that lags by more than a second in every turn expires nobody', async () => {
  const { clock, scene, registrar, ended, close } = await openStillScene()
  await scene.register('phone', 15)
  await clock.advance(1_000)
  for (let turn = 0; turn < 20; turn++) await clock.stall(3_000)
  assert.deepEqual(ended, [], 'sixty seconds of lag')
  await clock.advance(14_000)
  assert.deepEqual(ended, [])
  await clock.advance(3_000)
  assert.deepEqual(ended, ['phone'])
  await registrar.close()
  await close()
})
