import assert from 'node:assert/strict'
import { it } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { createFakeClock, seededRandom } from '../../../test/helpers/fake-clock.ts'
import { PEER } from '../../../test/helpers/link-peer.ts'
import { noLimits } from '../../../test/helpers/no-limits.ts'
import type { Principal } from '../auth/auth.ts'
import { uuidMaker } from '../clock/clock.ts'
import { createSealer } from '../masks/masks.ts'
import { createMetrics, Statistics } from '../observe/observe.ts'
import { createMemoryStore } from '../store/memory/memory.ts'
import {
  type Attachment,
  createDelivery,
  type OutboundEvent,
  parseSendEvent,
  type Taken,
} from './delivery.ts'

const ORGANIZATIONS = ['acme', 'globex', 'initech'] as const
const ENDPOINTS = ['phone', 'tab', 'desk'] as const
const STEPS = 1_500
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
const CANCEL = { on: 'acknowledged', event: { ...EVENT, type: 'CallCancelledEvent' } } as const
const KINDS = [
  { qos: 0 },
  { qos: 0, ttlSeconds: 1 },
  { qos: 1 },
  { qos: 1, ttlSeconds: 1 },
  { qos: 1, ttlSeconds: 2, collapseKey: 'k' },
  { qos: 1, ttlSeconds: 60, cancelOthers: CANCEL },
] as const

/** Delivery over the memory engine, and what a random life of devices and senders does to it. */
function setUp(seed: string) {
  const clock = createFakeClock()
  const random = seededRandom(seed)
  const roll = (sides: number) => random.bytes(4).readUInt32LE() % sides
  const pick = <T>(all: readonly [T, ...T[]]): T => all[roll(all.length)] ?? all[0]
  // Of the three organizations one finds no tally of its own.
  const statistics = new Statistics(0, ORGANIZATIONS.length - 1)
  const store = createMemoryStore({
    clock,
    onMailboxEnded: (organizationId, entries) =>
      statistics.of(organizationId).outcome(1, 'registration_ended', entries),
  })
  const metrics = createMetrics(statistics)
  const delivery = createDelivery({
    store,
    clock,
    sealer: createSealer(Buffer.alloc(32), random),
    newId: uuidMaker(clock, random),
    metrics,
    statistics,
    log: { error: () => undefined },
    limits: { mailboxEventsMax: 6, mailboxBytesMax: 1_000_000 },
    organizationOf: () => undefined,
    quotas: noLimits(),
  })
  return { clock, roll, pick, statistics, store, metrics, delivery }
}

type Scene = ReturnType<typeof setUp>

/** Endpoints that come and go, and what was answered for QoS 0. */
class Life {
  readonly scene: Scene
  readonly #attachments = new Map<string, Attachment>()
  readonly #unacknowledged: OutboundEvent[] = []
  reachedByQos0 = 0

  constructor(scene: Scene) {
    this.scene = scene
  }

  async step(): Promise<void> {
    const { roll, clock, store, delivery } = this.scene
    const what = roll(20)
    if (what < 8) await this.#send()
    else if (what < 13) this.#acknowledge()
    else if (what < 16) await this.#register()
    else if (what < 17) await this.#unregister()
    else await clock.advance(roll(1_500))
    const { lapsed, expired } = await store.sweep(100)
    delivery.entriesLapsed(lapsed)
    for (const registration of expired) delivery.endpointGone(registration, 'expired')
  }

  async #send(): Promise<void> {
    const { pick, roll, delivery } = this.scene
    const organizationId = pick(ORGANIZATIONS)
    const { qos, ...terms } = KINDS[roll(KINDS.length)] ?? KINDS[0]
    const command = { organizationId, userId: 'bob', event: EVENT, qos, ...terms }
    try {
      const { count } = await delivery.sendEvent(
        SERVICE,
        parseSendEvent(Buffer.from(JSON.stringify(command))),
      )
      if (qos === 0) this.reachedByQos0 += count
    } catch (error) {
      if (!(error instanceof RollcallError && error.code === 'mailbox_full')) throw error
    }
  }

  #acknowledge(): void {
    const { roll } = this.scene
    for (const { acknowledged } of this.#unacknowledged.splice(0, 1 + roll(4)))
      acknowledged?.(roll(6) === 0 ? 'discarded' : undefined)
    for (const attachment of this.#attachments.values()) attachment.resume()
  }

  async #register(): Promise<void> {
    const { pick, roll, store, delivery } = this.scene
    const endpoint = { organizationId: pick(ORGANIZATIONS), userId: 'bob', userEndpointId: pick(ENDPOINTS) }
    const terms = { keepAliveSeconds: 15, serverKeepAliveReminderOn: false, authorizedUntilWallMs: 0 }
    const outcome = await store.registrations.register({ ...endpoint, ...terms }, 10)
    assert(outcome.kind === 'registered')
    if (roll(3) === 0) return
    const attachment = delivery.attach(outcome.registration, {
      peer: PEER,
      send: (event) => this.#take(event),
      hasRoom: () => true,
      close: () => attachment.detach(),
    })
    this.#attachments.set(JSON.stringify(endpoint), attachment)
    attachment.start()
  }

  #take(event: OutboundEvent): Taken {
    const { roll } = this.scene
    if (roll(5) === 0) return event.qos === 0 && roll(2) === 0 ? 'too_large' : false
    if (event.qos === 1) this.#unacknowledged.push(event)
    return true
  }

  async #unregister(): Promise<void> {
    const { pick, store, delivery } = this.scene
    const endpoint = { organizationId: pick(ORGANIZATIONS), userId: 'bob', userEndpointId: pick(ENDPOINTS) }
    const ended = await store.registrations.unregister(endpoint)
    if (ended !== undefined) delivery.endpointGone(ended, 'unregistered')
  }
}

/** The metrics' series by name and label. */
function series(body: string): (name: string) => number {
  return (name) =>
    Number(
      body
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.split(' ')[1],
    )
}

for (const seed of ['one', 'two', 'three'])
  it(`what is counted is counted once: statistics and metrics say the same of a random run, and both add up (${seed})`, async () => {
    const scene = setUp(seed)
    const life = new Life(scene)
    for (let step = 0; step < STEPS; step++) await life.step()
    await scene.clock.advance(0)
    const { qos0, qos1, deliveryMs } = scene.statistics.read(null)
    const shown = series((await scene.metrics.render()).body)
    const outcome = (label: string) => shown(`rollcall_event_outcomes_total{outcome="${label}"}`)
    assert.equal(shown('rollcall_events_accepted_total{qos="0"}'), qos0.events)
    assert.equal(shown('rollcall_events_accepted_total{qos="1"}'), qos1.events)
    assert.equal(outcome('sent') + outcome('queued'), qos0.sent + qos1.copies)
    assert.equal(outcome('not_connected'), qos0.notConnected)
    assert.equal(outcome('acknowledged'), qos1.acknowledged)
    assert.equal(outcome('mailbox_full'), qos1.mailboxFull)
    const lost = outcome('discarded') + outcome('dropped_congested') + outcome('expired')
    assert.equal(lost, qos0.discarded + qos1.discarded + qos1.expired)
    for (const qos of [0, 1] as const)
      assert.equal(
        shown(`rollcall_delivery_seconds_count{qos="${qos}"}`),
        deliveryMs[`qos${qos}`].reduce((sum, count) => sum + count),
      )

    const own = ORGANIZATIONS.map((id) => scene.statistics.read(id).qos1.copies)
    assert.ok(own.filter((copies) => copies > 0).length === 2, 'the third is in the total only')
    // Nobody here can be woken.
    const { woken, ...others } = qos1
    assert.equal(woken, 0)
    assert.ok(
      Object.values(qos0)
        .concat(Object.values(others))
        .filter((count) => count === 0).length <= 2,
    )
    assert.equal(qos0.sent + qos0.notConnected + qos0.discarded, life.reachedByQos0)
    const { mailboxEvents } = await scene.store.totals()
    assert.equal(qos1.copies, qos1.acknowledged + qos1.expired + qos1.discarded + mailboxEvents)
  })
