import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAnswer, parseSendEvent } from '../../server/src/delivery/delivery.ts'
import { attach, BACKEND, openDelivery, register } from '../helpers/delivery-scene.ts'

const ALICE = { ...BACKEND, userId: 'alice', clientId: 'customer', isClient: false }
const BOB = { organizationId: 'acme', userId: 'bob' }
const timestamp = '2026-01-01T00:00:00Z'

/**
 * The guide says that the calls somebody placed go with it. The store looked for them by the user's id, and delivery had
 * begun to name senders otherwise: they stayed for a day, with what the others were to be told.
 */
test('the calls that an erased user placed can be answered no more, and cancel nothing', async () => {
  const scene = await openDelivery()
  const phone = await attach(scene, await register(scene, 'phone'))
  const tablet = await attach(scene, await register(scene, 'tablet'))
  const ring = (id: string) => ({
    userId: 'bob',
    qos: 1,
    event: { id, type: 'CallOfferedEvent', timestamp },
    cancelOthers: { event: { id: `${id} is over`, type: 'CallCancelledEvent', timestamp } },
  })
  for (const [sender, id] of [
    [ALICE, 'hers'],
    [{ ...BACKEND, userId: 'alice', clientId: 'alice' }, 'a namesake client’s'],
  ] as const)
    await scene.delivery.sendEvent(sender, parseSendEvent(Buffer.from(JSON.stringify(ring(id)))))
  await scene.clock.advance(0)
  assert.equal((await scene.store.erasure.erase({ organizationId: 'acme', userId: 'alice' })).calls, 1)
  const answer = (eventId: string) =>
    scene.delivery.answer(BOB, parseAnswer(Buffer.from('{"userEndpointId":"phone"}'), { eventId }))
  await assert.rejects(answer('hers'), { code: 'not_found' })
  await answer('a namesake client’s')
  await scene.clock.advance(0)
  assert.deepEqual(tablet.ids(), ['hers', 'a namesake client’s', 'a namesake client’s is over'])
  assert.equal(phone.ids().length, 2)
  await scene.store.close()
})
