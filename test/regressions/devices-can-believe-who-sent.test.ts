import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Principal } from '../../server/src/auth/auth.ts'
import { uuidMaker } from '../../server/src/clock/clock.ts'
import { createDelivery, type OutboundEvent, parseSendEvent } from '../../server/src/delivery/delivery.ts'
import { createSealer } from '../../server/src/masks/masks.ts'
import { Statistics } from '../../server/src/observe/observe.ts'
import { createMemoryStore } from '../../server/src/store/memory/memory.ts'
import { createFakeClock, seededRandom } from '../helpers/fake-clock.ts'
import { PEER } from '../helpers/link-peer.ts'
import { noLimits } from '../helpers/no-limits.ts'

const ALICE: Principal = {
  organizationId: 'acme',
  userId: 'ali"ce ü',
  clientId: 'customer',
  isClient: false,
  authorities: [],
  isService: false,
  expiresAtWallMs: 1e15,
}
const SERVICE: Principal = { ...ALICE, organizationId: null, userId: 'bob', isClient: true, isService: true }
const SENDER_RULE = 'is for the server to give in this organization'
const TIMES = '"type":"CallOfferedEvent","timestamp":"2026-01-01T00:00:00Z"'

/** bob's phone, connected, in an organization whose devices are told who sent, or are not. */
async function openPhone(senderId: boolean) {
  const clock = createFakeClock()
  const store = createMemoryStore({ clock })
  const random = seededRandom('who sent')
  const delivery = createDelivery({
    store,
    clock,
    sealer: createSealer(Buffer.alloc(32), random),
    newId: uuidMaker(clock, random),
    metrics: {
      reminderSent: () => undefined,
      masksTook: () => undefined,
    },
    statistics: new Statistics(clock.wallMs()),
    log: { error: () => undefined },
    limits: { mailboxEventsMax: 100, mailboxBytesMax: 1e6 },
    organizationOf: () => ({ id: 'acme', name: 'Acme', webhooks: [], send: [], senderId }),
    quotas: noLimits(),
  })
  const wanted = {
    ...{ organizationId: 'acme', userId: 'bob', userEndpointId: 'phone' },
    ...{ keepAliveSeconds: 60, serverKeepAliveReminderOn: false, authorizedUntilWallMs: 1e15 },
  }
  const outcome = await store.registrations.register(wanted, 10)
  assert(outcome.kind === 'registered')
  const received: string[] = []
  const link = {
    peer: PEER,
    send: ({ payload, acknowledged }: OutboundEvent) => {
      received.push(Buffer.from(payload).toString())
      acknowledged?.()
      return true
    },
    hasRoom: () => true,
    close: () => undefined,
  }
  delivery.attach(outcome.registration, link).start()
  const send = (principal: Principal, event: string, more = '') =>
    delivery.sendEvent(
      principal,
      parseSendEvent(Buffer.from(`{"userId":"bob","organizationId":"acme","event":${event}${more}}`)),
    )
  return { received, send, store }
}

test('the server writes who sent, in front, as the sender’s token says', async () => {
  const { received, send } = await openPhone(true)
  for (const qos of ['', ',"qos":1']) {
    await send(ALICE, `{"id":"1",${TIMES}, "n":1.0}`, qos)
    await send(SERVICE, `{${TIMES}}`, qos)
  }
  const own = `{"senderId":"ali\\"ce ü","id":"1",${TIMES}, "n":1.0}`
  assert.deepEqual([received[0], received[2]], [own, own], 'the sender’s own bytes besides')
  for (const index of [1, 3]) {
    assert.equal(received[index]?.startsWith('{"senderId":null,"id":"'), true)
    assert.equal(
      JSON.parse(received[index] ?? '').senderId,
      null,
      'SERVICE is no member, though called like one',
    )
  }
})

test('nobody writes it in the server’s place, whatever the value and however it is spelled', async () => {
  const { received, send } = await openPhone(true)
  for (const own of ['"senderId":"bob"', '"senderId":null', '"sender\\u0049d":"bob"', '"senderId":{}']) {
    const refused = { code: 'invalid_request', fields: new Map([['event.senderId', SENDER_RULE]]) }
    await assert.rejects(send(ALICE, `{${own},${TIMES}}`), refused)
    await assert.rejects(send(ALICE, `{${TIMES},${own}}`), refused)
    await assert.rejects(send(ALICE, `{${TIMES}}`, `,"qos":1,"cancelOthers":{"event":{${TIMES},${own}}}`), {
      fields: new Map([['cancelOthers.event.senderId', SENDER_RULE]]),
    })
  }
  assert.deepEqual(received, [])
})

test('what is stored says so too, masked where a mask selects it', async () => {
  const { send, store } = await openPhone(true)
  await send(ALICE, `{"id":"plain",${TIMES}}`)
  await send(ALICE, `{"id":"masked",${TIMES},"card":"4111"}`, ',"masks":["$.card"]')
  await send(ALICE, `{"id":"hidden",${TIMES}}`, ',"masks":["$.*"]')
  const senders = ['plain', 'masked', 'hidden'].map(async (id) => {
    const record = await store.history.find(id, {})
    return JSON.parse(Buffer.from(record?.event ?? []).toString()).senderId
  })
  assert.deepEqual(await Promise.all(senders), [ALICE.userId, ALICE.userId, '*'.repeat(ALICE.userId.length)])
})

test('where an organization does not ask for it, nothing is written and nothing refused', async () => {
  const { received, send } = await openPhone(false)
  await send(ALICE, `{"id":"1",${TIMES},"senderId":"whatever"}`)
  await send(ALICE, `{"id":"2",${TIMES}}`)
  assert.deepEqual(received, [`{"id":"1",${TIMES},"senderId":"whatever"}`, `{"id":"2",${TIMES}}`])
})
