import assert from 'node:assert/strict'
import { it } from 'node:test'
import { openDelivery, recordingLink, register, send } from '../helpers/delivery-scene.ts'

const AT = '2026-01-01T00:00:00Z'

function event(id: string) {
  return { userId: 'bob', qos: 0, event: { id, type: 'CallOfferedEvent', timestamp: AT } }
}

it('a QoS 0 event that comes between the store knowing of a link and its SUBACK goes out after the SUBACK, in order', async () => {
  const scene = await openDelivery()
  const registration = await register(scene, 'phone')
  const link = recordingLink()
  const attachment = scene.delivery.attach(registration, link)
  assert.equal(await attachment.attached, true)
  await send(scene, event('one'))
  await send(scene, event('two'))
  assert.deepEqual(link.seen, [], 'its client knows of no subscription yet')
  attachment.start()
  assert.deepEqual(link.seen, ['one', 'two'])
  await send(scene, event('three'))
  assert.deepEqual(link.seen, ['one', 'two', 'three'])
  await scene.store.close()
})

it('what waits for a SUBACK is bounded, and goes with the link', async () => {
  const scene = await openDelivery()
  const registration = await register(scene, 'phone')
  const link = recordingLink()
  const attachment = scene.delivery.attach(registration, link)
  await attachment.attached
  for (let n = 0; n < 50; n++) await send(scene, event(`early-${n}`))
  attachment.start()
  assert.equal(link.seen.length, 16)
  const gone = recordingLink()
  const other = scene.delivery.attach(registration, gone)
  await other.attached
  await send(scene, event('late'))
  other.detach()
  other.start()
  assert.deepEqual(gone.seen, [])
  await scene.store.close()
})
