import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { BACKEND, recordingLink } from '../../../../test/helpers/delivery-scene.ts'
import { inTime } from '../../../../test/helpers/fake-clock.ts'
import { ALICE, AT, command, openTwo, send } from '../../../../test/helpers/two-processes.ts'
import type { Store } from '../../store/store.ts'

const BOB = { organizationId: 'acme', userId: 'bob' }

/** Bob's is a part of its own, and the rest another, which may be away. */
function inTwoParts(isAway: () => boolean) {
  return (store: Store): Store => {
    const { neighbours } = store
    if (neighbours === undefined) return store
    const partOf = ({ userId }: { readonly userId: string }) => (userId === BOB.userId ? 1 : 0)
    return {
      ...store,
      neighbours: {
        ...neighbours,
        partOf,
        async told() {
          const count = (await neighbours.told()).get(0)
          return new Map([
            [0, isAway() ? undefined : count],
            [1, count],
          ])
        },
        async held(part) {
          if (isAway() && part === 0) throw new RollcallError('unavailable')
          return (await neighbours.held(0)).filter(({ registration }) => partOf(registration) === part)
        },
      },
    }
  }
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

  it('gets it although another part of the store is away, whose links are looked at once that is back', async (t) => {
    let isAway = false
    const { clock, network, here, there, register, attach } = await openTwo(
      t,
      inTwoParts(() => isAway),
    )
    const [phone, bobs] = [
      await attach(there, await register()),
      await attach(there, await register('tab', 600, BOB)),
    ]
    network.weather = { loss: 100, doubling: 0, delayMsMax: 0 }
    isAway = true
    await send(here, 'one')
    await send(here, 'two', { userId: 'bob' })
    await clock.advance(3_100)
    assert.deepEqual([phone.ids(), bobs.ids()], [[], ['two']])
    isAway = false
    await clock.advance(2_100)
    assert.deepEqual([phone.ids(), bobs.ids()], [['one'], ['two']])
    assert.deepEqual([phone.closed, bobs.closed], [[], []])
  })

  it('is closed where its part of the store is out of reach, so that the device goes to another process', async (t) => {
    const { clock, there, register, attach } = await openTwo(t)
    const phone = await attach(there, await register())
    const bobs = await attach(there, await register('tab', 600, BOB))
    there.delivery.outOfReach(({ userId }) => userId === ALICE.userId, 5_000)
    await clock.advance(10_000)
    assert.deepEqual([phone.closed, bobs.closed], [['draining'], []])
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

  it('is told of an acknowledgement and an answer at another before the endpoint left here, though they are heard of later', async (t) => {
    const { clock, network, here, there, register, attach } = await openTwo(t)
    const phone = await attach(there, await register('phone'))
    const more = {
      waitFor: 'answered',
      cancelOthers: { event: { id: 'over', type: 'CallCancelledEvent', timestamp: AT } },
    } as const
    const taken = here.delivery.sendEventAndWait(BACKEND, command('one'), undefined, wait)
    const rung = here.delivery.sendEventAndWait(BACKEND, command('ring', more), undefined, wait)
    await clock.advance(20)
    network.weather = { loss: 100, doubling: 0, delayMsMax: 0 }
    phone.taken[0]?.acknowledged?.()
    await there.delivery.answer(ALICE, { eventId: 'ring', userEndpointId: 'phone', answer: undefined })
    await clock.advance(20)
    await here.registrar.unregister({ ...ALICE, userEndpointId: 'phone' })
    const { receipts } = await inTime(clock, taken)
    assert.deepEqual(receipts, { acknowledged: 1, connected: 1 })
    assert.equal((await inTime(clock, rung)).receipts?.answeredBy, 'phone')
    assert.ok(clock.monotonicMs() < 1_000, 'at once')
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

/** A link whose device acknowledges by requests, by names that the link gave. */
function streamLike() {
  const link = recordingLink()
  return {
    ...link,
    acknowledge(ids: readonly string[]): number {
      const meant = link.taken.filter(({ sequence }) => ids.includes(`${sequence}`))
      for (const event of meant) {
        link.taken.splice(link.taken.indexOf(event), 1)
        event.acknowledged?.()
      }
      return meant.length
    },
  }
}

describe('an acknowledgement that comes to another process than its stream', () => {
  async function openStream(t: Parameters<typeof openTwo>[0]) {
    const two = await openTwo(t)
    const { clock, here, there, register } = two
    const link = streamLike()
    const attachment = there.delivery.attach(await register(), link)
    await attachment.attached
    attachment.start()
    await send(here, 'one')
    await send(here, 'two')
    await clock.advance(20)
    const ids = link.taken.map(({ sequence }) => `${sequence}`)
    const acknowledge = async (at: typeof here, some: readonly string[]) => {
      const [sighting] = await at.registrar.look([{ ...ALICE, userEndpointId: 'phone' }], { link: true })
      assert(sighting !== undefined)
      return at.delivery.acknowledge(sighting, some)
    }
    const depth = async () => (await here.store.registrations.look([ALICE], { depth: true }))[0]?.depth
    return { ...two, link, ids, acknowledge, depth }
  }

  it('ends the events there, and tells how many were in flight', async (t) => {
    const { clock, here, ids, acknowledge, depth } = await openStream(t)
    assert.equal(await inTime(clock, acknowledge(here, [...ids, 'made-up'])), 2)
    await clock.advance(20)
    assert.equal(await depth(), 0)
    assert.equal(await inTime(clock, acknowledge(here, ids)), 0)
  })

  it('is counted once though its answer is lost, and it comes again', async (t) => {
    const { clock, network, here, ids, acknowledge, depth } = await openStream(t)
    let replies = 0
    network.mayPass = (_, subject) => subject !== 'reply' || ++replies > 2
    assert.equal(await inTime(clock, acknowledge(here, ids)), 2)
    await clock.advance(20)
    assert.equal(await depth(), 0)
  })

  it('is refused where that process is silent, and its events come again', async (t) => {
    const { clock, here, there, ids, acknowledge, depth } = await openStream(t)
    there.node.clock.freeze()
    await assert.rejects(inTime(clock, acknowledge(here, ids)), { code: 'unavailable' })
    assert.equal(await depth(), 2)
    there.node.clock.goOn()
    await clock.advance(20)
    assert.equal(await depth(), 0, 'it came late, which does no harm')
  })

  it('is nobody’s where another link has the endpoint by now', async (t) => {
    const { clock, here, there, ids, register, attach, acknowledge, depth } = await openStream(t)
    const newer = await attach(here, await register())
    assert.equal(await inTime(clock, acknowledge(there, ids)), 0)
    assert.equal(await depth(), 2)
    assert.deepEqual(newer.ids(), ['one', 'two'])
  })
})
