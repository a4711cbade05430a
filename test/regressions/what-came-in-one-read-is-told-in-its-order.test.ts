import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attach, type DeliveryScene, openDelivery, register, send } from '../helpers/delivery-scene.ts'

const EVENT = { id: 'ring', type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z', from: 'Alice' }

/** Carried out in the moment in which an acknowledgement was read, as when both came in one read of the socket. */
const NEXT: { readonly [what: string]: Next } = {
  'the end of its connection': {
    told: 'client_disconnected',
    end: (_, { attachment }) => attachment.detach('client_disconnected'),
  },
  'another link of the endpoint': {
    told: 'taken_over',
    end: async (scene, { registration }) => void (await attach(scene, registration)),
  },
}
type Next = {
  readonly told: string
  end(scene: DeliveryScene, phone: Awaited<ReturnType<typeof ringing>>): void
}

for (const [what, { told, end }] of Object.entries(NEXT))
  test(`an acknowledgement is told before ${what} that came with it`, async () => {
    const scene = await openDelivery()
    await scene.store.feed.watch([WATCH])
    const phone = await ringing(scene)
    phone.taken[0]?.acknowledged?.()
    end(scene, phone)
    await scene.clock.advance(2000)
    const entries = await scene.store.feed.read('acme', 0, 10)
    const reasons = entries.map(({ reason }) => reason)
    assert.deepEqual(reasons.slice(0, 4), ['requested', 'subscribed', 'acknowledged', told])
    await scene.store.close()
  })

test('an event that was acknowledged is not told as discarded with its endpoint that was unregistered then', async () => {
  const scene = await openDelivery()
  const phone = await ringing(scene)
  phone.taken[0]?.acknowledged?.()
  await Promise.resolve()
  await scene.store.registrations.unregister(phone.registration)
  const record = await scene.store.history.find('ring', {})
  assert.deepEqual(
    record?.endpoints.map(({ outcome }) => outcome),
    ['acknowledged'],
  )
  await scene.store.close()
})

const WATCH = {
  organizationId: 'acme',
  types: new Set([
    'UserEndpointRegisteredEvent',
    'UserEndpointConnectedEvent',
    'UserEndpointDisconnectedEvent',
    'UserEventAcknowledgedEvent',
  ] as const),
  webhookIds: ['hook'],
}

async function ringing(scene: DeliveryScene) {
  const registration = await register(scene, 'phone')
  const phone = await attach(scene, registration)
  await send(scene, { userId: 'bob', qos: 1, event: EVENT })
  assert.deepEqual(phone.ids(), ['ring'])
  return { ...phone, registration }
}
