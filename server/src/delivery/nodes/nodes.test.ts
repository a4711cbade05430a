import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { BACKEND, eventsTaken, recordingLink } from '../../../../test/helpers/delivery-scene.ts'
import { createFakeClock, inTime, seededRandom } from '../../../../test/helpers/fake-clock.ts'
import { noLimits } from '../../../../test/helpers/no-limits.ts'
import { MemoryNodeTable, SimulatedNetwork } from '../../../../test/helpers/simulated-network.ts'
import { SimulatedNode } from '../../../../test/helpers/simulated-node.ts'
import { createDice } from '../../../../test/sim/dice.ts'
import { uuidMaker } from '../../clock/clock.ts'
import { createSealer } from '../../masks/masks.ts'
import { Statistics } from '../../observe/observe.ts'
import { createRegistrar } from '../../registrar/registrar.ts'
import { createMemoryStore } from '../../store/memory/memory.ts'
import type { Store } from '../../store/store.ts'
import { carryTidings, createDelivery, parseSendEvent } from '../delivery.ts'

const ALICE = { organizationId: 'acme', userId: 'alice' }
const AT = '2026-01-01T00:00:00Z'
const ignore = () => undefined

async function openTwo(t: TestContext) {
  const clock = createFakeClock()
  const memory = createMemoryStore({ clock })
  const network = new SimulatedNetwork(clock, createDice(1))
  const table = new MemoryNodeTable(clock)
  const random = seededRandom('nodes')
  const newId = uuidMaker(clock, random)
  const open = async (name: string) => {
    const node = new SimulatedNode({
      ...{ name, clock, network, table },
      putAway: async (dead) => store.neighbours?.bury(dead),
    })
    const { cluster } = node
    const answers = { areLost: false }
    const carry = carryTidings(cluster)
    // They come with the answer.
    const onTiding: typeof carry = (...tiding) => answers.areLost || carry(...tiding)
    const store = losing(
      memory.openFor(() => cluster.nodes.self, onTiding),
      answers,
    )
    const metrics = {
      ...{ eventAccepted: ignore, eventOutcome: ignore, deliveryMs: ignore, reminderSent: ignore },
      ...{ masksTook: ignore, expiryLatenessMs: ignore, registrationEnded: ignore },
    }
    const common = {
      ...{ store, newId, metrics, clock: node.clock, log: { error: ignore } },
      statistics: new Statistics(0),
    }
    const delivery = createDelivery({
      ...{ ...common, cluster, organizationOf: ignore, quotas: noLimits() },
      sealer: createSealer(Buffer.alloc(32), random),
      limits: { mailboxEventsMax: 1000, mailboxBytesMax: 1e6 },
    })
    const registrar = createRegistrar({
      ...common,
      limits: { keepAliveSecondsMax: 3600, endpointsPerUserMax: 10 },
      mayEvict: false,
      onRegistered: (registration) => delivery.endpointRegistered(registration),
      onReminderDue: (registration) => delivery.remind(registration),
      onExpired: (registration) => delivery.endpointGone(registration, 'expired'),
      onUnregistered: (registration) => delivery.endpointGone(registration, 'unregistered'),
      onLapsed: (entries) => delivery.entriesLapsed(entries),
    })
    registrar.start()
    await node.membership.start()
    t.after(async () => {
      node.clock.goOn()
      delivery.close()
      await registrar.close()
      await node.membership.close()
    })
    return { node, store, answers, delivery, registrar }
  }
  const [here, there] = [await open('here'), await open('there')]
  const register = async (userEndpointId = 'phone', keepAliveSeconds = 600) =>
    here.registrar.register(
      ALICE,
      { userEndpointId, keepAliveSeconds, serverKeepAliveReminderOn: true },
      Number.POSITIVE_INFINITY,
    )
  const attach = async (at: typeof here, registration: Awaited<ReturnType<typeof register>>) => {
    const link = recordingLink()
    const attachment = at.delivery.attach(registration, link)
    await attachment.attached
    attachment.start()
    await clock.advance(5)
    return { ...link, ids: () => eventsTaken(link) }
  }
  return { clock, network, memory, here, there, register, attach }
}

/** A store whose answers to some operations do not come, while they are lost: the operation has come about. */
function losing(store: Store, answers: { readonly areLost: boolean }): Store {
  const { mailboxes } = store
  const lose = async <Answer>(answer: Promise<Answer>): Promise<Answer> => {
    const known = await answer
    if (answers.areLost) throw new RollcallError('unavailable', undefined, { isUndecided: true })
    return known
  }
  return {
    ...store,
    mailboxes: {
      ...mailboxes,
      append: (request) => lose(mailboxes.append(request)),
      end: (...what) => lose(mailboxes.end(...what)),
    },
  }
}

type Two = Awaited<ReturnType<typeof openTwo>>

function command(id: string, more: object = {}) {
  const event = { id, type: 'CallOfferedEvent', timestamp: AT, card: '4111' }
  return parseSendEvent(Buffer.from(JSON.stringify({ userId: 'alice', qos: 1, event, ...more })))
}

function send({ delivery }: Two['here'], id: string, more: object = {}) {
  return delivery.sendEvent(BACKEND, command(id, more))
}

describe('a link at one process', () => {
  it('gets what is sent at another, in order, masked and not, at QoS 1 and 0', async (t) => {
    const { clock, here, there, register, attach } = await openTwo(t)
    const phone = await attach(there, await register())
    await send(here, 'one')
    await send(here, 'two', { masks: ['$.card'] })
    await send(here, 'three', { collapseKey: 'k' })
    await clock.advance(20)
    assert.deepEqual(phone.ids(), ['one', 'two', 'three'])
    await send(here, 'four', { qos: 0, masks: ['$.card'] })
    await clock.advance(20)
    assert.deepEqual(phone.ids().slice(3), ['four'])
    assert.match(String(phone.taken[3]?.payload), /4111/, 'the device gets it in clear')
  })

  it('gets it within two seconds where the word of it is lost', async (t) => {
    const { clock, network, here, there, register, attach } = await openTwo(t)
    const phone = await attach(there, await register())
    network.weather = { loss: 100, doubling: 0, delayMsMax: 0 }
    await send(here, 'one')
    await send(here, 'two')
    await clock.advance(2_100)
    assert.deepEqual(phone.ids(), ['one', 'two'])
  })

  it('gets nothing twice for words that come twice, late, or after the acknowledgement', async (t) => {
    const { clock, network, here, there, register, attach } = await openTwo(t)
    const registration = await register()
    const phone = await attach(there, registration)
    network.weather = { loss: 0, doubling: 100, delayMsMax: 3_000 }
    for (const id of ['one', 'two', 'three']) await send(here, id)
    for (let round = 0; round < 50; round++) {
      await clock.advance(100)
      for (const event of phone.taken.splice(0)) event.acknowledged?.()
    }
    assert.deepEqual(phone.seen, ['one', 'two', 'three'])
    assert.equal((await here.store.registrations.look([ALICE], { depth: true }))[0]?.depth, 0)
  })

  it('gets a QoS 0 event once, however often the word of it comes', async (t) => {
    const { clock, network, here, there, register, attach } = await openTwo(t)
    const phone = await attach(there, await register())
    network.weather = { loss: 0, doubling: 100, delayMsMax: 500 }
    await send(here, 'one', { qos: 0 })
    await send(here, 'two', { qos: 0 })
    await clock.advance(1_000)
    assert.deepEqual(phone.seen.toSorted(), ['one', 'two'])
  })

  it('gets what was sent at its own process though the answer of the store was lost', async (t) => {
    const { clock, here, register, attach } = await openTwo(t)
    const phone = await attach(here, await register())
    here.answers.areLost = true
    await assert.rejects(send(here, 'one'), { code: 'unavailable', isUndecided: true })
    here.answers.areLost = false
    await clock.advance(2_100)
    assert.deepEqual(phone.ids(), ['one'])
  })

  it('is rid of what it has acknowledged though the store could not say so at first', async (t) => {
    const { clock, here, register, attach } = await openTwo(t)
    const phone = await attach(here, await register())
    await send(here, 'one')
    await send(here, 'two')
    await clock.advance(5)
    here.answers.areLost = true
    phone.taken[0]?.acknowledged?.()
    await clock.advance(500)
    here.answers.areLost = false
    phone.taken[1]?.acknowledged?.()
    await clock.advance(2_000)
    assert.equal((await here.store.registrations.look([ALICE], { depth: true }))[0]?.depth, 0)
    assert.deepEqual(phone.seen, ['one', 'two'])
  })

  it('is not given what was meant for the one before it', async (t) => {
    const { clock, network, here, there, register, attach } = await openTwo(t)
    const registration = await register()
    const former = await attach(there, registration)
    network.weather = { loss: 0, doubling: 0, delayMsMax: 900 }
    await send(here, 'one')
    const newer = await attach(there, registration)
    await clock.advance(10)
    for (const event of newer.taken.splice(0)) event.acknowledged?.()
    await clock.advance(2_000)
    assert.deepEqual([former.seen.length <= 1, newer.seen], [true, ['one']])
  })

  for (const loss of [0, 100]) {
    const how = loss === 0 ? 'at once' : 'within two seconds though the word of it is lost'
    const afterMs = loss === 0 ? 20 : 2_100

    it(`is closed where the endpoint gets another elsewhere, ${how}`, async (t) => {
      const { clock, network, here, there, register, attach } = await openTwo(t)
      const registration = await register()
      const former = await attach(there, registration)
      network.weather = { loss, doubling: 0, delayMsMax: 0 }
      const newer = await attach(here, registration)
      await clock.advance(afterMs)
      assert.deepEqual(former.closed, ['taken_over'])
      assert.deepEqual(newer.closed, [])
      await send(there, 'one')
      await clock.advance(afterMs)
      assert.deepEqual([former.ids(), newer.ids()], [[], ['one']])
    })

    it(`is closed where its registration ends elsewhere, ${how}`, async (t) => {
      const { clock, network, here, there, register, attach } = await openTwo(t)
      const phone = await attach(there, await register('phone'))
      const tab = await attach(there, await register('tab', 5))
      network.weather = { loss, doubling: 0, delayMsMax: 0 }
      await here.registrar.unregister({ ...ALICE, userEndpointId: 'phone' }, 'kicked')
      await clock.advance(afterMs)
      assert.equal(phone.closed.length, 1)
      await clock.advance(5_200 + afterMs)
      assert.equal(tab.closed[0], 'endpoint_expired')
    })
  }

  it('gets its reminder, whoever sweeps', async (t) => {
    const { clock, here, there, register, attach } = await openTwo(t)
    const links = [await attach(here, await register('a', 10)), await attach(there, await register('b', 10))]
    await clock.advance(9_500)
    for (const link of links) assert.match(String(link.taken[0]?.payload), /KeepAliveRequested/)
  })

  it('is nobody’s once its process is dead, and what waits goes to the next', async (t) => {
    const { clock, here, there, register, attach } = await openTwo(t)
    const registration = await register()
    const former = await attach(there, registration)
    there.node.clock.freeze()
    await send(here, 'one')
    await clock.advance(12_000)
    const [sighting] = await here.store.registrations.look([ALICE], { link: true })
    assert.equal(sighting?.link, undefined)
    const newer = await attach(here, registration)
    assert.deepEqual(newer.ids(), ['one'])
    there.node.clock.goOn()
    await clock.advance(2_000)
    assert.equal(former.closed.length, 1, 'it comes back, and its links do not')
    assert.deepEqual(newer.closed, [])
  })
})

describe('who waits at one process', () => {
  const wait = { waitMs: 4_000, gone: new AbortController().signal }

  it('hears of an acknowledgement at another, at once', async (t) => {
    const { clock, here, there, register, attach } = await openTwo(t)
    const phone = await attach(there, await register())
    const waiting = here.delivery.sendEventAndWait(BACKEND, command('one'), undefined, wait)
    await clock.advance(20)
    phone.taken[0]?.acknowledged?.()
    await clock.advance(20)
    const { receipts } = await inTime(clock, waiting)
    assert.deepEqual(receipts, { acknowledged: 1, connected: 1 })
    assert.ok(clock.monotonicMs() < 1_000)
  })

  it('is told of it at the end where the word of it is lost', async (t) => {
    const { clock, network, here, there, register, attach } = await openTwo(t)
    const phone = await attach(there, await register())
    const waiting = here.delivery.sendEventAndWait(BACKEND, command('one'), undefined, wait)
    await clock.advance(20)
    network.weather = { loss: 100, doubling: 0, delayMsMax: 0 }
    phone.taken[0]?.acknowledged?.()
    const { receipts } = await inTime(clock, waiting)
    assert.deepEqual(receipts, { acknowledged: 1, connected: 1 })
  })

  it('hears of an answer at another, and the rest is told there', async (t) => {
    const { clock, here, there, register, attach } = await openTwo(t)
    const phone = await attach(there, await register('phone'))
    const tab = await attach(here, await register('tab'))
    const over = { id: 'over', type: 'CallCancelledEvent', timestamp: AT }
    const ring = command('ring', { waitFor: 'answered', cancelOthers: { event: over } })
    const waiting = here.delivery.sendEventAndWait(BACKEND, ring, undefined, wait)
    await clock.advance(20)
    await there.delivery.answer(ALICE, { eventId: 'ring', userEndpointId: 'phone', answer: undefined })
    const { receipts } = await inTime(clock, waiting)
    assert.equal(receipts?.answeredBy, 'phone')
    await clock.advance(20)
    assert.deepEqual([phone.ids(), tab.ids()], [['ring'], ['ring', 'over']])
  })

  it('goes on waiting where a link comes at another within the grace', async (t) => {
    const { clock, here, there, register, attach } = await openTwo(t)
    const registration = await register()
    const waiting = here.delivery.sendEventAndWait(BACKEND, command('one'), undefined, wait)
    await clock.advance(50)
    const phone = await attach(there, registration)
    await clock.advance(3_000)
    phone.taken[0]?.acknowledged?.()
    const { receipts } = await inTime(clock, waiting)
    assert.deepEqual(receipts, { acknowledged: 1, connected: 1 })
  })
})
