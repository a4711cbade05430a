import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HistoryRecord } from '@rollcall/protocol/history'
import { callerAsSender, type Principal, readableHistory } from '../../server/src/auth/auth.ts'
import { parseSendEvent } from '../../server/src/delivery/delivery.ts'
import { createHistory, recordJson } from '../../server/src/history/history.ts'
import { BACKEND, openDelivery, register } from '../helpers/delivery-scene.ts'
import { entriesOf } from '../helpers/mailbox-entries.ts'

const USER: Principal = { ...BACKEND, userId: 'mallory', clientId: 'app', isClient: false }
const BOB: Principal = { ...USER, userId: 'bob' }
/** Called like the backend. */
const NAMESAKE: Principal = { ...USER, userId: BACKEND.userId }
const ADMINISTRATOR: Principal = { ...USER, userId: 'olivia', authorities: ['ORGANIZATION_ADMIN'] }
const OTHER_BACKEND: Principal = { ...BACKEND, userId: 'billing', clientId: 'billing' }
const SERVICE: Principal = { ...BACKEND, organizationId: null, userId: 'operator', isService: true }

async function open() {
  const scene = await openDelivery()
  const history = createHistory({ store: scene.store })
  const send = async (principal: Principal, userId: string, more: object = {}) => {
    const event = { id: 'ring-1', type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z' }
    const body = { userId, organizationId: 'acme', event, ...more }
    await scene.delivery.sendEvent(principal, parseSendEvent(Buffer.from(JSON.stringify(body))))
  }
  /** What `GET /rtc-api/events/ring-1` shows. */
  const look = async (principal: Principal): Promise<HistoryRecord | undefined> => {
    const reader = { caller: callerAsSender(principal), scope: readableHistory(principal, undefined) }
    const record = await history.find(reader, 'ring-1')
    return record && JSON.parse(recordJson(record, reader))
  }
  return { ...scene, send, look }
}

test('a backend finds what it sent, whoever has sent something under the same id since', async () => {
  const { send, look } = await open()
  await send(BACKEND, 'bob')
  await send(OTHER_BACKEND, 'carol')
  for (const sender of [USER, NAMESAKE, ADMINISTRATOR]) await send(sender, 'mallory')
  const own = await look(BACKEND)
  assert.deepEqual([own?.userId, own?.sentBy], ['bob', { kind: 'client', id: 'backend' }])
  const other = await look(OTHER_BACKEND)
  assert.deepEqual([other?.userId, other?.sentBy], ['carol', { kind: 'client', id: 'billing' }])
})

test('of its own the newest counts, and so it does where nobody else has used the id', async () => {
  const { send, look } = await open()
  for (const userId of ['alice', 'bob']) await send(BACKEND, userId)
  assert.equal((await look(BACKEND))?.userId, 'bob')
  await send(USER, 'mallory')
  assert.equal((await look(BACKEND))?.userId, 'bob')
})

test('who sent nothing under it sees what a backend sent before what users did, and who it was', async () => {
  const { send, look } = await open()
  await send(USER, 'mallory')
  assert.deepEqual((await look(OTHER_BACKEND))?.sentBy, { kind: 'user', id: 'mallory' })
  await send(BACKEND, 'bob')
  await send(USER, 'mallory')
  for (const reader of [OTHER_BACKEND, ADMINISTRATOR, SERVICE])
    assert.deepEqual((await look(reader))?.sentBy, { kind: 'client', id: 'backend' })
})

test('nobody passes for a client of its name: neither as the sender nor as a reader', async () => {
  const { send, look } = await open()
  await send(BACKEND, 'bob')
  assert.equal(await look(NAMESAKE), undefined, 'it has neither sent nor got it')
  await send(NAMESAKE, 'mallory')
  assert.deepEqual((await look(NAMESAKE))?.sentBy, { kind: 'user', id: 'backend' })
  assert.equal((await look(BACKEND))?.userId, 'bob')
})

test('who is not of the organization’s readers learns what its sender was, and no name', async () => {
  const { send, look } = await open()
  await send(BACKEND, 'bob')
  assert.deepEqual((await look(BOB))?.sentBy, { kind: 'client' })
  await send(SERVICE, 'bob')
  assert.deepEqual((await look(BOB))?.sentBy, { kind: 'service' })
  assert.deepEqual((await look(OTHER_BACKEND))?.sentBy, { kind: 'service' }, 'the operator’s own name')
  assert.deepEqual((await look(SERVICE))?.sentBy, { kind: 'service', id: 'operator' })
  await send(USER, 'bob')
  assert.deepEqual((await look(USER))?.sentBy, { kind: 'user', id: 'mallory' })
})

test('an answer goes to what the backend sent, not to a newer event of the same id', async () => {
  const { send, look, delivery, ...scene } = await open()
  await register({ ...scene, delivery }, 'phone')
  await send(BACKEND, 'bob', { qos: 1 })
  await send(USER, 'bob', { qos: 1 })
  await delivery.answer(
    { organizationId: 'acme', userId: 'bob' },
    { eventId: 'ring-1', userEndpointId: 'phone', answer: undefined },
  )
  assert.equal((await look(BACKEND))?.answeredBy, 'phone')
  assert.equal((await look(USER))?.answeredBy, undefined)
})

test('receipts belong to the entries that the server made: acknowledging another of the id is none', async () => {
  const opened = await open()
  const { send, look, store } = opened
  const phone = await register(opened, 'phone')
  await send(BACKEND, 'bob', { qos: 1 })
  await send(USER, 'bob', { qos: 1 })
  const [newest] = (await store.history.list({ userId: 'bob' }, undefined, 1)).records
  assert.deepEqual(newest?.sentBy, { kind: 'user', id: 'mallory' })
  const entries = await entriesOf(store, phone)
  store.history.note({ registration: phone, sequence: entries[1]?.sequence ?? 0 }, 'acknowledged')
  const outcomes = async (principal: Principal) =>
    (await look(principal))?.endpoints.map(({ outcome }) => outcome)
  assert.deepEqual(await outcomes(BACKEND), ['queued'])
  assert.deepEqual(await outcomes(USER), ['acknowledged'])
})

test('who waits for an answer hears of the one to its own event, not of one to another of that id', async () => {
  const opened = await open()
  await register(opened, 'phone')
  const { delivery } = opened
  const wait = { waitMs: 60_000, gone: new AbortController().signal }
  const ring = (id: string) => ({ id, type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z' })
  const ask = (principal: Principal) => {
    const body = { userId: 'bob', event: ring('ring-1'), qos: 1, waitFor: 'answered', graceMs: 30_000 }
    return delivery.sendEventAndWait(
      principal,
      parseSendEvent(Buffer.from(JSON.stringify(body))),
      undefined,
      wait,
    )
  }
  const asked = [ask(BACKEND)]
  await new Promise((resolve) => setImmediate(resolve))
  asked.push(ask(USER))
  await new Promise((resolve) => setImmediate(resolve))
  await delivery.answer(
    { organizationId: 'acme', userId: 'bob' },
    { eventId: 'ring-1', userEndpointId: 'phone', answer: undefined },
  )
  delivery.drain()
  const [own, other] = await Promise.all(asked)
  assert.equal(own?.receipts?.answeredBy, 'phone')
  assert.equal(other?.receipts?.answeredBy, undefined)
})
