import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  attach,
  type DeliveryScene,
  openDelivery,
  register,
  send,
} from '../../../test/helpers/delivery-scene.ts'
import { PEER } from '../../../test/helpers/link-peer.ts'
import type { Taken } from './delivery.ts'

const EVENT = { type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z' }
const PHONE = { organizationId: 'acme', userId: 'bob' }

/** What became of an event at its only endpoint, and why. */
async function fate({ clock, store }: DeliveryScene, eventId: string): Promise<readonly unknown[]> {
  await clock.advance(1_000)
  const record = await store.history.find(eventId, {})
  const [endpoint] = record?.endpoints ?? []
  return [endpoint?.outcome, endpoint?.at.at(-1)?.reason]
}

function sendNamed(scene: DeliveryScene, id: string, qos: 0 | 1) {
  return send(scene, { userId: 'bob', qos, event: { id, ...EVENT } })
}

describe('delivery says why it gave an event up', () => {
  it('a client that does not take its size, told from an acknowledgement of the same moment', async () => {
    const scene = await openDelivery()
    const { taken } = await attach(scene, await register(scene, 'phone'))
    await sendNamed(scene, 'large', 1)
    await sendNamed(scene, 'small', 1)
    taken[0]?.acknowledged?.('discarded')
    taken[1]?.acknowledged?.()
    assert.deepEqual(await fate(scene, 'large'), ['discarded', 'too_large'])
    assert.deepEqual(await fate(scene, 'small'), ['acknowledged', undefined])
    await scene.store.close()
  })

  it('also where the disk took it only later', async () => {
    const scene = await openDelivery()
    const { taken } = await attach(scene, await register(scene, 'phone'))
    await sendNamed(scene, 'large', 1)
    scene.disk.failure = new Error('EIO')
    await scene.clock.advance(2_000)
    taken[0]?.acknowledged?.('discarded')
    await scene.clock.advance(3_000)
    scene.disk.failure = undefined
    await scene.clock.advance(10_000)
    assert.deepEqual(await fate(scene, 'large'), ['discarded', 'too_large'])
    await scene.store.close()
  })

  it('a seal that cannot be opened', async () => {
    const scene = await openDelivery()
    const phone = await register(scene, 'phone')
    const at = { acceptedAtWallMs: scene.clock.wallMs() }
    const event = { eventId: 'sealed', payload: Buffer.from('nonsense'), sealed: true, ...at }
    const record = {
      ...{ ...PHONE, ...at, eventId: 'sealed', type: 'X', senderId: 'backend' },
      qos: 1,
      event: Buffer.from('{}'),
    } as const
    await scene.store.mailboxes.append({ ...PHONE, event, record, eventsMax: 9, bytesMax: 999 })
    await attach(scene, phone)
    assert.deepEqual(await fate(scene, 'sealed'), ['discarded', 'unreadable'])
    await scene.store.close()
  })

  it('a client that takes none of that size, at QoS 0: it was not sent', async () => {
    const scene = await openDelivery()
    const link = { peer: PEER, send: (): Taken => 'too_large', hasRoom: () => true, close: () => undefined }
    scene.delivery.attach(await register(scene, 'phone'), link).start()
    await sendNamed(scene, 'large', 0)
    assert.deepEqual(await fate(scene, 'large'), ['discarded', 'too_large'])
    const { sent, discarded } = scene.statistics.read('acme').qos0
    assert.deepEqual([sent, discarded], [0, 1])
    await scene.store.close()
  })

  it('a connection that is too slow, at QoS 0', async () => {
    const scene = await openDelivery()
    const link = { peer: PEER, send: () => false, hasRoom: () => false, close: () => undefined }
    scene.delivery.attach(await register(scene, 'phone'), link).start()
    await sendNamed(scene, 'lost', 0)
    assert.deepEqual(await fate(scene, 'lost'), ['discarded', 'congested'])
    await scene.store.close()
  })
})
