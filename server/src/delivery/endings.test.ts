import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFakeClock, type FakeClock, seededRandom } from '../../../test/helpers/fake-clock.ts'
import { FakeDisk } from '../../../test/helpers/fake-disk.ts'
import { PEER } from '../../../test/helpers/link-peer.ts'
import { noLimits } from '../../../test/helpers/no-limits.ts'
import { uuidMaker } from '../clock/clock.ts'
import { createSealer } from '../masks/masks.ts'
import { Statistics } from '../observe/observe.ts'
import { openEmbeddedStore } from '../store/embedded/embedded.ts'
import type { Registration, Store } from '../store/store.ts'
import { parseSendEvent } from './command.ts'
import { createDelivery, type Delivery } from './delivery.ts'
import type { Link, OutboundEvent } from './link.ts'

const BACKEND = {
  organizationId: 'acme',
  userId: 'backend',
  clientId: 'backend',
  isClient: true,
  authorities: [],
  isService: false,
  expiresAtWallMs: Number.POSITIVE_INFINITY,
}
const RING = {
  userId: 'bob',
  qos: 1,
  event: { id: 'ring', type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z', from: 'Alice' },
  cancelOthers: {
    event: { id: 'over', type: 'CallCancelledEvent', timestamp: '2026-01-01T00:00:00Z', from: 'Alice' },
  },
}

type Scene = {
  readonly clock: FakeClock
  readonly disk: FakeDisk
  readonly store: Store
  readonly delivery: Delivery
  readonly outcomes: string[]
}

async function setup(): Promise<Scene> {
  const clock = createFakeClock()
  const disk = new FakeDisk()
  const random = seededRandom('endings')
  const store = await openEmbeddedStore({ rows: disk.open(), clock })
  const outcomes: string[] = []
  const delivery = createDelivery({
    store,
    clock,
    sealer: createSealer(Buffer.alloc(32), random),
    newId: uuidMaker(clock, random),
    metrics: {
      eventAccepted: () => undefined,
      eventOutcome: (outcome) => void outcomes.push(outcome),
      deliveryMs: () => undefined,
      reminderSent: () => undefined,
      masksTook: () => undefined,
    },
    statistics: new Statistics(0),
    log: { error: () => undefined },
    limits: { mailboxEventsMax: 1000, mailboxBytesMax: 4_194_304 },
    organizationOf: () => undefined,
    quotas: noLimits(),
  })
  return { clock, disk, store, delivery, outcomes }
}

async function register({ clock, store }: Scene, userEndpointId: string): Promise<Registration> {
  const request = {
    organizationId: 'acme',
    userId: 'bob',
    userEndpointId,
    keepAliveSeconds: 600,
    serverKeepAliveReminderOn: false,
    authorizedUntilWallMs: 0,
  }
  const at = { nowMs: store.serviceTime.nowMs(), nowWallMs: clock.wallMs() }
  const outcome = await store.registrations.register(request, 10, at)
  assert(outcome.kind === 'registered')
  return outcome.registration
}

/** A link that takes everything. */
async function attach({ clock, delivery }: Scene, registration: Registration) {
  const taken: OutboundEvent[] = []
  const link: Link = {
    peer: PEER,
    send(event) {
      taken.push(event)
      return true
    },
    close: () => undefined,
  }
  const attachment = delivery.attach(registration, link)
  attachment.start()
  await clock.advance(0)
  const ids = () => taken.map(({ payload }) => JSON.parse(Buffer.from(payload).toString()).id)
  return { taken, ids, attachment }
}

function send({ delivery }: Scene, command: object) {
  return delivery.sendEvent(BACKEND, parseSendEvent(Buffer.from(JSON.stringify(command))))
}

describe('an acknowledgement', () => {
  it('cancels the others only once that is durable', async () => {
    const scene = await setup()
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
    const scene = await setup()
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
    const scene = await setup()
    const phone = await attach(scene, await register(scene, 'phone'))
    const tab = await attach(scene, await register(scene, 'tab'))
    await send(scene, RING)
    phone.taken[0]?.acknowledged?.('discarded')
    await scene.clock.advance(1000)
    assert.deepEqual(tab.ids(), ['ring'])
    assert.deepEqual(scene.outcomes, ['sent', 'sent', 'discarded'])
    await scene.store.close()
  })
})

describe('what is kept of a masked event', () => {
  it('is masked, and so is what cancels it; the devices get both in clear', async () => {
    const scene = await setup()
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
    const scene = await setup()
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
    const scene = await setup()
    await register(scene, 'phone')
    scene.delivery.start()
    const wait = { waitMs: 30_000, gone: new AbortController().signal }
    const command = parseSendEvent(
      Buffer.from(JSON.stringify({ userId: 'bob', qos: 1, ttlSeconds: 2, event: RING.event })),
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
    scene.delivery.close()
    await scene.store.close()
    assert.equal(scene.clock.pending(), 0)
  })
})
