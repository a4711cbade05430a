import assert from 'node:assert/strict'
import { it } from 'node:test'
import { openStillScene } from '../helpers/still-scene.ts'

it('a process stopped from 9.8 s to 15.3 s takes the keepalive that lay in the socket since 10.0 s', async () => {
  const { clock, scene, registrar, ended, close } = await openStillScene()
  await scene.register('phone', 15)
  const waiting = await scene.send('phone', 'waits')
  await clock.advance(9800)
  await clock.stall(5500)
  await scene.keepalive('phone')
  await clock.advance(14_900)
  assert.deepEqual(ended, [])
  assert.deepEqual(await scene.waiting('phone'), [waiting])
  await clock.advance(200)
  assert.deepEqual(ended, ['phone'])
  await registrar.close()
  await close()
})

it('a process stopped for 25 s keeps every registration, and each has a full period', async () => {
  const { clock, scene, registrar, ended, close } = await openStillScene()
  for (const seconds of [5, 10, 15, 20]) await scene.register(`every-${seconds}`, seconds)
  await clock.advance(4900)
  await clock.stall(25_000)
  await clock.advance(4900)
  assert.deepEqual(ended, [])
  for (const seconds of [5, 10, 15, 20]) await scene.keepalive(`every-${seconds}`)
  await registrar.close()
  await close()
})

it('a keepalive that lay in the socket while the process was busy for less than a second is in time', async () => {
  const { clock, scene, registrar, ended, close } = await openStillScene()
  await scene.register('phone', 15)
  await clock.advance(14_300)
  // Read first, as the poll that follows would: before anybody is judged by the new time.
  let kept: Promise<unknown> | undefined
  clock.after(100, () => {
    kept = scene.keepalive('phone')
  })
  await clock.stall(900)
  await kept
  assert.notEqual(kept, undefined)
  await clock.advance(14_000)
  assert.deepEqual(ended, [])
  await registrar.close()
  await close()
})

it('no reminder is lost: a period that begins anew has one of its own', async () => {
  const { clock, scene, registrar, reminded, close } = await openStillScene()
  await scene.register('tab', 30, true)
  await clock.advance(20_100)
  assert.deepEqual(reminded, ['tab'])
  await clock.stall(8000)
  await clock.advance(20_100)
  assert.deepEqual(reminded, ['tab', 'tab'])
  await registrar.close()
  await close()
})

it('a write that was under way when the process was stopped is no failure of the disk', async () => {
  const { clock, disk, scene, registrar, store, ended, close } = await openStillScene()
  await scene.register('phone', 15)
  disk.hold()
  const sent = scene.send('phone', 'waits')
  await clock.stall(30_000)
  assert.equal(store.failure(), undefined)
  await scene.keepalive('phone')
  disk.release()
  await sent
  assert.deepEqual(ended, [])
  await registrar.close()
  await close()
})
