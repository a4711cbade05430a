import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSendEvent } from '../../server/src/delivery/delivery.ts'
import { BACKEND, type DeliveryScene, openDelivery } from '../helpers/delivery-scene.ts'
import { noLimits } from '../helpers/no-limits.ts'

const SHARES = { organizationSharePercent: 50, callerSharePercent: 25 }
const MALLORY = { ...BACKEND, organizationId: 'evil', userId: 'mallory', clientId: 'mallory' }
const EVENT = { type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z' }

const quotas = noLimits(SHARES)

async function register({ store }: DeliveryScene, organizationId: string, userEndpointId: string) {
  const wanted = { keepAliveSeconds: 600, serverKeepAliveReminderOn: false, authorizedUntilWallMs: 0 }
  const endpoint = { organizationId, userId: 'bob', userEndpointId }
  const outcome = await store.registrations.register({ ...endpoint, ...wanted }, 100)
  assert.equal(outcome.kind, 'registered')
}

function send({ delivery }: DeliveryScene, from: typeof BACKEND, text: string, userEndpointId = 'phone') {
  const command = { userId: 'bob', userEndpointId, qos: 1, event: { ...EVENT, text } }
  return delivery.sendEvent(from, parseSendEvent(Buffer.from(JSON.stringify(command))))
}

test('while the disk is slow, who sends more than its share is refused, and nobody else is', async () => {
  const scene = await openDelivery(quotas)
  const { clock, disk, store } = scene
  await register(scene, 'acme', 'phone')
  for (let index = 0; index < 10; index++) await register(scene, 'evil', `phone-${index}`)
  disk.hold()
  const large = 'x'.repeat(60_000)
  const attack = Array.from({ length: 500 }, (_, index) => send(scene, MALLORY, large, `phone-${index % 10}`))
  const flood = Promise.allSettled(attack)
  const own = Promise.all(Array.from({ length: 20 }, () => send(scene, BACKEND, 'ring')))
  const endpoint = { organizationId: 'acme', userId: 'bob', userEndpointId: 'phone' }
  assert.notEqual(await store.registrations.keepalive(endpoint, undefined), undefined)
  await clock.advance(0)
  disk.release()
  const outcomes = await flood
  const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
  for (const reason of refused) assert.match(String(reason), /of this sender/)
  const taken = outcomes.length - refused.length
  assert.ok(taken >= 150 && taken <= 280, `${taken} of 500 taken`)
  assert.equal((await own).length, 20)

  // What was written, or was refused, is held no longer.
  assert.equal(quotas.ledger.writeBytes.figures.used, 0)
  assert.equal((await send(scene, MALLORY, large, 'phone-0')).count, 1)
  await store.close()
})

test('what waits is given back where its write failed', async () => {
  const scene = await openDelivery(quotas)
  for (let index = 0; index < 10; index++) await register(scene, 'evil', `phone-${index}`)
  const { writeBytes } = quotas.ledger
  scene.disk.hold()
  const large = 'x'.repeat(60_000)
  const sent = Array.from({ length: 200 }, (_, index) => send(scene, MALLORY, large, `phone-${index % 10}`))
  const all = Promise.allSettled(sent)
  await scene.clock.advance(0)
  assert.ok(writeBytes.figures.used > 1_000_000, 'past what is anybody’s it is counted')
  scene.disk.failure = new Error('EIO')
  scene.disk.release()
  for (const { status } of await all) assert.equal(status, 'rejected')
  assert.equal(writeBytes.figures.used, 0)
  scene.disk.failure = undefined
  await scene.clock.advance(1_000)
  await scene.store.close()
})
