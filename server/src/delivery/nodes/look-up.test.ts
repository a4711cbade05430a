import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createFakeClock } from '../../../../test/helpers/fake-clock.ts'
import { createMemoryStore } from '../../store/memory/memory.ts'
import type { Sender } from '../../store/store.ts'
import { lookUpEnded } from './look-up.ts'

const BOB = { organizationId: 'acme', userId: 'bob' }
const BACKEND: Sender = { kind: 'client', id: 'backend' }

/** An endpoint of Bob's, and events for it, under one id. */
async function scene() {
  const clock = createFakeClock()
  const store = createMemoryStore({ clock })
  const wanted = { ...BOB, userEndpointId: 'phone', keepAliveSeconds: 60, serverKeepAliveReminderOn: false }
  const registered = await store.registrations.register({ ...wanted, authorizedUntilWallMs: 0 }, 10)
  assert(registered.kind === 'registered')
  const { registration } = registered
  const append = async (sentBy: Sender) => {
    const acceptedAtWallMs = clock.wallMs()
    const event = { eventId: 'ring', payload: Buffer.from('{}'), sealed: false, acceptedAtWallMs }
    const record = {
      ...BOB,
      eventId: 'ring',
      type: 'CallOfferedEvent',
      qos: 1,
      acceptedAtWallMs,
      senderId: sentBy.id,
      sentBy,
      event: Buffer.from('{}'),
    } as const
    const request = { ...BOB, event, record, eventsMax: 10, bytesMax: 1_000 }
    const [entry] = (await store.mailboxes.append(request)).accepted
    assert(entry)
    return { registration, sequence: entry.sequence }
  }
  const lookUp = async (sentBy: Sender, entry: { registration: typeof registration; sequence: number }) => {
    const { ended } = await lookUpEnded(store, { to: BOB, sentBy, eventId: 'ring', open: [entry] })
    return ended.map(({ isAcknowledged }) => isAcknowledged)
  }
  return { store, append, lookUp }
}

it('an entry that waits, was woken for, or was sent has not ended', async () => {
  const { store, append, lookUp } = await scene()
  const entry = await append(BACKEND)
  assert.deepEqual(await lookUp(BACKEND, entry), [])
  for (const outcome of ['woken', 'sent'] as const) {
    store.history.note(entry, outcome)
    assert.deepEqual(await lookUp(BACKEND, entry), [], outcome)
  }
  store.history.note(entry, 'acknowledged')
  assert.deepEqual(await lookUp(BACKEND, entry), [true])
  await store.close()
})

it('what somebody else sent under the same id says nothing', async () => {
  const { store, append, lookUp } = await scene()
  const mine = await append(BACKEND)
  const others = await append({ kind: 'user', id: 'backend' })
  store.history.note(others, 'acknowledged')
  assert.deepEqual(await lookUp(BACKEND, mine), [])
  store.history.note(mine, 'discarded')
  assert.deepEqual(await lookUp(BACKEND, mine), [false])
  await store.close()
})
