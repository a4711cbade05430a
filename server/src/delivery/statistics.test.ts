import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFakeClock, seededRandom } from '../../../test/helpers/fake-clock.ts'
import { PEER } from '../../../test/helpers/link-peer.ts'
import { noLimits } from '../../../test/helpers/no-limits.ts'
import type { Principal } from '../auth/auth.ts'
import { uuidMaker } from '../clock/clock.ts'
import { createSealer } from '../masks/masks.ts'
import { createMetrics, Statistics } from '../observe/observe.ts'
import { createMemoryStore } from '../store/memory/memory.ts'
import type { Registration } from '../store/store.ts'
import { createDelivery, type OutboundEvent, parseSendEvent } from './delivery.ts'

const SERVICE: Principal = {
  organizationId: null,
  userId: 'service',
  clientId: 'service',
  isClient: true,
  authorities: ['SERVICE'],
  isService: true,
  expiresAtWallMs: Number.POSITIVE_INFINITY,
}
const EVENT = { type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z' }
const NONE = {
  ...{ events: 0, copies: 0, acknowledged: 0, expired: 0 },
  ...{ discarded: 0, registrationEnded: 0, superseded: 0, mailboxFull: 0, woken: 0, answered: 0 },
}

function setup() {
  const clock = createFakeClock()
  const random = seededRandom('statistics')
  const statistics = new Statistics(clock.wallMs())
  const store = createMemoryStore({ clock })
  const delivery = createDelivery({
    store,
    clock,
    sealer: createSealer(Buffer.alloc(32), random),
    newId: uuidMaker(clock, random),
    metrics: createMetrics(statistics),
    statistics,
    log: { error: () => undefined },
    limits: { mailboxEventsMax: 2, mailboxBytesMax: 4_194_304 },
    organizationOf: () => undefined,
    quotas: noLimits(),
  })
  return {
    clock,
    store,
    delivery,
    async register(userEndpointId: string, organizationId = 'acme'): Promise<Registration> {
      const terms = { keepAliveSeconds: 600, serverKeepAliveReminderOn: false, authorizedUntilWallMs: 0 }
      const request = { organizationId, userId: 'bob', userEndpointId, ...terms }
      const outcome = await store.registrations.register(request, 10)
      assert(outcome.kind === 'registered')
      return outcome.registration
    },
    async attach(registration: Registration, isTaken = true) {
      const taken: OutboundEvent[] = []
      const send = (event: OutboundEvent) => {
        taken.push(event)
        return isTaken
      }
      const attachment = delivery.attach(registration, {
        peer: PEER,
        send,
        hasRoom: () => true,
        close: () => undefined,
      })
      attachment.start()
      await clock.advance(0)
      return { taken, attachment }
    },
    send(more: object, organizationId = 'acme') {
      const command = { organizationId, userId: 'bob', event: EVENT, ...more }
      return delivery.sendEvent(SERVICE, parseSendEvent(Buffer.from(JSON.stringify(command))))
    },
    figures: (organizationId: string | null = 'acme') => statistics.read(organizationId),
  }
}

/** The buckets that hold something, with how much. */
function filled(counts: readonly number[]): readonly (readonly [number, number])[] {
  return [...counts.entries()].filter(([, count]) => count > 0)
}

describe('what delivery counts of an organization', () => {
  it('best effort: each event once, each endpoint by what became of it', async () => {
    const { register, attach, send, figures } = setup()
    await attach(await register('phone'))
    await attach(await register('stuck'), false)
    await register('away')
    await send({})
    await send({ userEndpointId: 'away' })
    await send({ userEndpointId: 'nobody' })
    const { qos0, qos1, deliveryMs } = figures()
    assert.deepEqual(qos0, { events: 3, sent: 1, notConnected: 2, discarded: 1, answered: 0 })
    assert.deepEqual(qos1, NONE)
    assert.deepEqual(filled(deliveryMs.qos0), [[0, 1]], 'only what was sent took its time')
    assert.deepEqual(filled(deliveryMs.qos1), [])
  })

  it('at least once: mailboxes that took it, until they are acknowledged, and how long that took', async () => {
    const { clock, register, attach, send, figures } = setup()
    const { taken } = await attach(await register('phone'))
    await register('away')
    await send({ qos: 1 })
    assert.deepEqual(figures().qos1, { ...NONE, events: 1, copies: 2 })
    await clock.advance(40)
    taken[0]?.acknowledged?.()
    await clock.advance(0)
    const { qos0, qos1, deliveryMs } = figures()
    assert.deepEqual(qos1, { ...NONE, events: 1, copies: 2, acknowledged: 1 })
    assert.equal(qos0.events, 0)
    assert.deepEqual(filled(deliveryMs.qos1), [[7, 1]])
    assert.equal(deliveryMs.bounds[7], 50)
  })

  it('a backlog is acknowledged without a time, and what is too large is discarded', async () => {
    const { clock, register, attach, send, figures } = setup()
    const phone = await register('phone')
    await send({ qos: 1 })
    await send({ qos: 1 })
    const { taken } = await attach(phone)
    taken[0]?.acknowledged?.()
    taken[1]?.acknowledged?.('discarded')
    await clock.advance(0)
    assert.deepEqual(figures().qos1, { ...NONE, events: 2, copies: 2, acknowledged: 1, discarded: 1 })
    assert.deepEqual(filled(figures().deliveryMs.qos1), [])
  })

  it('replaced, expired and refused copies', async () => {
    const { clock, store, delivery, register, send, figures } = setup()
    await register('phone')
    await send({ qos: 1, collapseKey: 'k', ttlSeconds: 5 })
    await send({ qos: 1, collapseKey: 'k', ttlSeconds: 5 })
    await send({ qos: 1 })
    await assert.rejects(send({ qos: 1 }), { code: 'mailbox_full' })
    const replaced = { discarded: 1, superseded: 1 }
    assert.deepEqual(figures().qos1, { ...NONE, events: 3, copies: 3, ...replaced, mailboxFull: 1 })
    await clock.advance(6000)
    delivery.entriesLapsed((await store.sweep(100)).lapsed)
    assert.equal(figures().qos1.expired, 1)
    assert.equal((await delivery.census('acme')).mailboxEvents, 1)
  })

  it('a cancelling event is an event, and the copies that it takes the place of are discarded', async () => {
    const { clock, register, attach, send, figures } = setup()
    const { taken } = await attach(await register('phone'))
    await register('away')
    await send({
      qos: 1,
      cancelOthers: { on: 'acknowledged', event: { ...EVENT, type: 'CallCancelledEvent' } },
    })
    taken[0]?.acknowledged?.()
    await clock.advance(0)
    const cancelled = { discarded: 1, superseded: 1 }
    assert.deepEqual(figures().qos1, { ...NONE, events: 2, copies: 3, acknowledged: 1, ...cancelled })
  })

  it('nothing of one organization is in the figures of another; the total has both', async () => {
    const { delivery, store, register, attach, send, figures } = setup()
    await attach(await register('phone'))
    await attach(await register('phone', 'globex'))
    await register('tab', 'globex')
    await send({})
    await send({ qos: 1 }, 'globex')
    assert.deepEqual(figures('acme').qos1, NONE)
    assert.equal(figures('globex').qos0.events, 0)
    assert.deepEqual(figures('globex').qos1, { ...NONE, events: 1, copies: 2 })
    assert.equal(figures(null).qos0.sent, 1)
    assert.equal(figures(null).qos1.copies, 2)
    const waiting = 2 * 128 + (await store.totals('globex')).mailboxBytes
    assert.deepEqual(await Promise.all(['acme', 'globex', '__proto__', undefined].map(delivery.census)), [
      { connected: 1, mailboxEvents: 0, mailboxBytes: 0 },
      { connected: 1, mailboxEvents: 2, mailboxBytes: waiting },
      { connected: 0, mailboxEvents: 0, mailboxBytes: 0 },
      { connected: 2, mailboxEvents: 2, mailboxBytes: waiting },
    ])
  })

  it('an endpoint is connected once, whichever link it has', async () => {
    const { delivery, register, attach } = setup()
    const phone = await register('phone')
    const first = await attach(phone)
    const second = await attach(phone)
    const connected = async () =>
      (await Promise.all(['acme', undefined].map(delivery.census))).map((census) => census.connected)
    assert.deepEqual(await connected(), [1, 1])
    first.attachment.detach('connection_lost')
    assert.deepEqual(await connected(), [1, 1])
    second.attachment.detach('connection_lost')
    second.attachment.detach('connection_lost')
    assert.deepEqual(await connected(), [0, 0])
  })
})
