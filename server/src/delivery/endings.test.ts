import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  attach,
  BACKEND,
  type DeliveryScene,
  openDelivery,
  register,
  send,
} from '../../../test/helpers/delivery-scene.ts'
import { parseSendEvent } from './command/command.ts'

const RING = {
  userId: 'bob',
  qos: 1,
  event: { id: 'ring', type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z', from: 'Alice' },
  cancelOthers: {
    on: 'acknowledged',
    event: { id: 'over', type: 'CallCancelledEvent', timestamp: '2026-01-01T00:00:00Z', from: 'Alice' },
  },
}

describe('an acknowledgement', () => {
  it('cancels the others only once that is durable', async () => {
    const scene = await openDelivery()
    const phone = await attach(scene, await register(scene, 'phone'))
    const tab = await attach(scene, await register(scene, 'tab'))
    await send(scene, RING)
    assert.deepEqual([phone.ids(), tab.ids()], [['ring'], ['ring']])
    scene.disk.hold()
    phone.taken[0]?.acknowledged?.()
    await scene.clock.advance(2000)
    assert.deepEqual(tab.ids(), ['ring'])
    scene.disk.release()
    await scene.clock.advance(0)
    assert.deepEqual([phone.ids(), tab.ids()], [['ring'], ['ring', 'over']])
    await scene.store.close()
  })

  it('that comes while the disk fails is taken once it works again', async () => {
    const scene = await openDelivery()
    const phone = await attach(scene, await register(scene, 'phone'))
    const tab = await attach(scene, await register(scene, 'tab'))
    await send(scene, RING)
    scene.disk.failure = new Error('EIO')
    await scene.clock.advance(2000)
    assert.notEqual(scene.store.failure(), undefined)
    phone.taken[0]?.acknowledged?.()
    await scene.clock.advance(3000)
    assert.deepEqual(tab.ids(), ['ring'])
    scene.disk.failure = undefined
    await scene.clock.advance(10_000)
    assert.deepEqual(tab.ids(), ['ring', 'over'])
    const record = await scene.store.history.find('ring', {})
    assert.deepEqual(
      record?.endpoints.map(({ outcome }) => outcome),
      ['acknowledged', 'sent'],
    )
    await scene.store.close()
  })

  it('is no receipt where the client does not take the size', async () => {
    const scene = await openDelivery()
    const phone = await attach(scene, await register(scene, 'phone'))
    const tab = await attach(scene, await register(scene, 'tab'))
    await send(scene, RING)
    await scene.clock.advance(0)
    phone.taken[0]?.acknowledged?.('discarded')
    await scene.clock.advance(1000)
    assert.deepEqual(tab.ids(), ['ring'])
    assert.deepEqual(scene.outcomes, ['sent', 'sent', 'discarded'])
    await scene.store.close()
  })
})

describe('what is kept of a masked event', () => {
  it('is masked, and so is what cancels it; the devices get both in clear', async () => {
    const scene = await openDelivery()
    const phone = await attach(scene, await register(scene, 'phone'))
    const tab = await attach(scene, await register(scene, 'tab'))
    await send(scene, { ...RING, masks: ['$.from'] })
    phone.taken[0]?.acknowledged?.()
    await scene.clock.advance(1000)
    const [ring, over] = tab.taken.map(({ payload }) => Buffer.from(payload).toString())
    assert.match(ring ?? '', /"from":"Alice"/)
    assert.match(over ?? '', /"from":"Alice"/)
    for (const id of ['ring', 'over']) {
      const record = await scene.store.history.find(id, {})
      assert.equal(JSON.parse(Buffer.from(record?.event ?? []).toString()).from, '*****')
      assert.equal(record?.senderId, 'backend')
    }
    for (const changes of scene.disk.commits)
      for (const { value } of changes) assert(value === undefined || !Buffer.from(value).includes('Alice'))
    await scene.store.close()
  })
})

describe('an event of QoS 0', () => {
  it('is kept with what became of it', async () => {
    const scene = await openDelivery()
    await attach(scene, await register(scene, 'phone'))
    await register(scene, 'tab')
    await send(scene, { userId: 'bob', event: RING.event })
    const record = await scene.store.history.find('ring', {})
    assert.deepEqual(
      record?.endpoints.map(({ userEndpointId, outcome }) => [userEndpointId, outcome]),
      [
        ['phone', 'sent'],
        ['tab', 'not_connected'],
      ],
    )
    await scene.store.close()
  })
})

describe('a lifetime', () => {
  it('ends in the background, and whoever waits for a receipt is told', async () => {
    const scene = await openDelivery()
    await register(scene, 'phone')
    const sweeping = scene.clock.every(50, () => sweep(scene))
    const wait = { waitMs: 30_000, gone: new AbortController().signal }
    const command = parseSendEvent(
      Buffer.from(
        JSON.stringify({ userId: 'bob', qos: 1, ttlSeconds: 2, graceMs: 30_000, event: RING.event }),
      ),
    )
    let result: unknown
    void scene.delivery.sendEventAndWait(BACKEND, command, undefined, wait).then((answer) => {
      result = answer
    })
    await scene.clock.advance(1999)
    assert.equal(result, undefined)
    await scene.clock.advance(300)
    assert.deepEqual(result, {
      count: 1,
      eventId: 'ring',
      receipts: { acknowledged: 0, connected: 0 },
    })
    assert.deepEqual(scene.outcomes, ['queued', 'expired'])
    sweeping.cancel()
    scene.delivery.drain()
    await scene.store.close()
    assert.equal(scene.clock.pending(), 0)
  })
})

/** As the registrar does. */
async function sweep({ delivery, store }: DeliveryScene): Promise<void> {
  const { lapsed } = await store.sweep(100)
  if (lapsed.length > 0) delivery.entriesLapsed(lapsed)
}
