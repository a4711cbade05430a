import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAnswer, parseSendEvent } from '../../server/src/delivery/delivery.ts'
import { attach, BACKEND, openDelivery, register, send } from '../helpers/delivery-scene.ts'

/**
 * `cancelOthers` acted on the first PUBACK, which stock clients send by themselves: two phones rang for 6 ms and fell
 * silent, answered by nobody.
 */
test('phones that acknowledge by themselves ring until a person answers at one of them', async () => {
  const scene = await openDelivery()
  const phone = await attach(scene, await register(scene, 'phone'))
  const tablet = await attach(scene, await register(scene, 'tablet'))
  const timestamp = '2026-01-01T00:00:00Z'
  await send(scene, {
    userId: 'bob',
    qos: 1,
    ttlSeconds: 30,
    event: { id: 'ring', type: 'CallOfferedEvent', timestamp },
    cancelOthers: { event: { id: 'over', type: 'CallCancelledEvent', timestamp } },
  })
  for (const { taken } of [phone, tablet]) taken[0]?.acknowledged?.()
  await scene.clock.advance(29_000)
  assert.deepEqual([phone.ids(), tablet.ids()], [['ring'], ['ring']])
  const answer = parseAnswer(Buffer.from('{"userEndpointId":"phone"}'), { eventId: 'ring' })
  await scene.delivery.answer({ organizationId: 'acme', userId: 'bob' }, answer)
  await scene.clock.advance(0)
  assert.deepEqual([phone.ids(), tablet.ids()], [['ring'], ['ring', 'over']])
  await scene.store.close()
})

/** README promises "unavailable" at once; the answer took the whole of the wait, 3.1 to 3.3 s in the ring example. */
test('a caller that waits is told within half a second that nothing is connected', async () => {
  const scene = await openDelivery()
  await register(scene, 'phone')
  const event = { type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z' }
  const command = parseSendEvent(Buffer.from(JSON.stringify({ userId: 'bob', qos: 1, event })))
  const wait = { waitMs: 3000, gone: new AbortController().signal }
  let connected: number | undefined
  void scene.delivery.sendEventAndWait(BACKEND, command, undefined, wait).then(({ receipts }) => {
    connected = receipts?.connected
  })
  await scene.clock.advance(500)
  assert.equal(connected, 0)
  await scene.store.close()
})
