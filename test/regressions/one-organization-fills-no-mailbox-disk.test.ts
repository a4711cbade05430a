import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSendEvent } from '../../server/src/delivery/delivery.ts'
import { BACKEND, type DeliveryScene, openDelivery } from '../helpers/delivery-scene.ts'
import { endEntry, entriesOf } from '../helpers/mailbox-entries.ts'

const MALLORY = { ...BACKEND, organizationId: 'evil', userId: 'mallory', clientId: 'mallory' }
const EVENT = { type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z' }
const MAX = 16 * 1024 * 1024

async function register({ store }: DeliveryScene, organizationId: string, userEndpointId: string) {
  const wanted = { keepAliveSeconds: 600, serverKeepAliveReminderOn: false, authorizedUntilWallMs: 0 }
  const endpoint = { organizationId, userId: 'bob', userEndpointId }
  const outcome = await store.registrations.register({ ...endpoint, ...wanted }, 100)
  assert(outcome.kind === 'registered')
  return outcome.registration
}

function send({ delivery }: DeliveryScene, from: typeof BACKEND, userEndpointId: string, text = 'ring') {
  const command = { userId: 'bob', userEndpointId, qos: 1, event: { ...EVENT, text } }
  return delivery.sendEvent(from, parseSendEvent(Buffer.from(JSON.stringify(command))))
}

/** Sends until a mailbox or everything is full; returns how many were taken, and what the last was refused with. */
async function flood(scene: DeliveryScene, from: typeof BACKEND) {
  for (let count = 0; count < 1_000; count++) {
    const large = send(scene, from, `phone-${count % 10}`, 'x'.repeat(60_000))
    const refused = await large.then(
      () => undefined,
      (error: Error & { code?: string }) => error,
    )
    if (refused !== undefined) return { count, refused }
  }
  throw new Error('nothing was refused')
}

async function open() {
  const scene = await openDelivery(undefined, { mailboxTotalBytesMax: MAX })
  const phones = []
  for (let index = 0; index < 10; index++) phones.push(await register(scene, 'evil', `phone-${index}`))
  await register(scene, 'acme', 'phone-0')
  return { scene, phones }
}

test('an organization whose mailboxes take more than its share is refused new events, and no other is', async () => {
  const { scene, phones } = await open()
  const { count, refused } = await flood(scene, MALLORY)
  assert.equal(refused.code, 'mailbox_full')
  assert.match(refused.message, /of the organization/)
  const bytes = scene.store.gauges.mailboxDiskBytes('evil')
  assert.ok(bytes <= MAX / 2 && bytes > MAX / 2 - 200_000)
  assert.equal(scene.statistics.read('evil').qos1.mailboxFull, 1)

  for (let ring = 0; ring < 20; ring++) assert.equal((await send(scene, BACKEND, 'phone-0')).count, 1)
  assert.equal((await send(scene, MALLORY, 'nobody')).count, 0, 'what nobody takes fills nothing')
  await assert.rejects(send(scene, MALLORY, 'phone-0', 'x'.repeat(60_000)), { code: 'mailbox_full' })

  // Those who come and fetch what waits make room again.
  for (const phone of phones)
    for (const { sequence } of await entriesOf(scene.store, phone, 0, 2))
      await endEntry(scene.store, phone, sequence, 'acknowledged')
  assert.ok((await flood(scene, MALLORY)).count >= 15)
  assert.ok(count > 100)
  await scene.store.close()
})

test('after a restart the same is refused, and whoever had little still has room', async () => {
  const { scene } = await open()
  await flood(scene, MALLORY)
  const before = scene.store.gauges.mailboxDiskBytes('evil')
  await scene.store.close()
  const again = await openDelivery(undefined, { mailboxTotalBytesMax: MAX }, scene.disk)
  assert.equal(again.store.gauges.mailboxDiskBytes('evil'), before)
  assert.equal((await flood(again, MALLORY)).count, 0)
  assert.equal((await send(again, BACKEND, 'phone-0')).count, 1)
  await again.store.close()

  // A bound that was lowered below what there is refuses whoever holds it, not everybody.
  const lower = await openDelivery(undefined, { mailboxTotalBytesMax: MAX / 4 }, scene.disk)
  await assert.rejects(send(lower, MALLORY, 'phone-0'), { code: 'mailbox_full' })
  assert.equal((await send(lower, BACKEND, 'phone-0')).count, 1)
  await lower.store.close()
})
