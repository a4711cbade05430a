import assert from 'node:assert/strict'
import { it } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { openStillScene } from '../helpers/still-scene.ts'

const ENOSPC = new Error('ENOSPC')

/** Sends a keepalive and gives the status that HTTP would answer. */
async function status(keepalive: Promise<unknown>): Promise<number> {
  try {
    await keepalive
    return 200
  } catch (error) {
    if (!(error instanceof RollcallError)) throw error
    return error.code === 'unavailable' ? 503 : 400
  }
}

it('a disk that is full for 24 s, with keepalives answered 503 every 4 s, ends nobody', async () => {
  const { clock, disk, scene, registrar, ended, close } = await openStillScene()
  await scene.register('phone', 15)
  const waiting = await scene.send('phone', 'waits')
  await clock.advance(4000)
  assert.equal(await status(scene.keepalive('phone')), 200)
  disk.failure = ENOSPC
  // What notices it: any write.
  await assert.rejects(scene.send('phone', 'refused'))
  for (let beat = 0; beat < 6; beat++) {
    await clock.advance(4000)
    assert.equal(await status(scene.keepalive('phone')), 503)
  }
  disk.failure = undefined
  // The disk is tried again every 5 s at most.
  while ((await status(scene.keepalive('phone'))) === 503) await clock.advance(100)
  await clock.advance(14_900)
  assert.equal(await status(scene.keepalive('phone')), 200)
  assert.deepEqual(ended, [])
  assert((await scene.waiting('phone')).includes(waiting))
  await clock.advance(16_000)
  assert.deepEqual(ended, ['phone'], 'whoever falls silent then expires as ever')
  await registrar.close()
  await close()
})

it('a disk that is full for 3.3 s ends none of 50 endpoints with a period of 6 s', async () => {
  const { clock, disk, scene, registrar, ended, close } = await openStillScene()
  const names = Array.from({ length: 50 }, (_, index) => `phone-${index}`)
  for (const name of names) {
    await scene.register(name, 6)
    await clock.advance(40)
  }
  for (const name of names) await scene.keepalive(name)
  const beats = new Map(names.map((name, index) => [name, index * 40]))
  // Each keeps alive every 2 s, a little apart from the others, and its answers do not always come.
  const statuses = new Map(names.map((name) => [name, 200]))
  for (let ms = 0; ms < 12_000; ms += 40) {
    if (ms === 4000) disk.failure = ENOSPC
    if (ms === 7280) disk.failure = undefined
    for (const [name, atMs] of beats)
      if (ms % 2000 === atMs % 2000) statuses.set(name, await status(scene.keepalive(name)))
    await clock.advance(40)
  }
  assert.deepEqual(ended, [])
  assert.deepEqual([...new Set(statuses.values())], [200])
  await registrar.close()
  await close()
})

it('one refusal just before the deadline is enough: the period begins anew', async () => {
  const { clock, disk, scene, registrar, ended, close } = await openStillScene()
  await scene.register('phone', 15)
  await clock.advance(14_800)
  disk.failure = ENOSPC
  await assert.rejects(scene.send('phone', 'refused'))
  assert.equal(await status(scene.keepalive('phone')), 503)
  disk.failure = undefined
  await clock.advance(14_000)
  assert.equal(await status(scene.keepalive('phone')), 200)
  assert.deepEqual(ended, [])
  await registrar.close()
  await close()
})

it('a write that does not end counts as one that fails', async () => {
  const { clock, disk, scene, registrar, ended, close } = await openStillScene()
  await scene.register('phone', 8)
  disk.hold()
  void scene.send('phone', 'x').catch(() => undefined)
  await clock.advance(5_500)
  assert.equal(await status(scene.keepalive('phone')), 503)
  await clock.advance(60_000)
  disk.release()
  await clock.advance(7_500)
  assert.equal(await status(scene.keepalive('phone')), 200)
  assert.deepEqual(ended, [])
  await registrar.close()
  await close()
})
