import assert from 'node:assert/strict'
import type { Registration } from '../store.ts'
import { type Cases, ENDPOINT, lasting } from './scene.ts'

const NOTHING = { reminded: [], expired: [] }

export const dueCases: Cases = {
  'a registration expires at its deadline, not before, and once': async (scene) => {
    const registration = await scene.register()
    await scene.under.advance(9999)
    assert.deepEqual(await scene.swept(), NOTHING)
    await scene.under.advance(1)
    const { expired } = await scene.sweep()
    assert.deepEqual(expired.map(lasting), [lasting(registration)])
    assert.equal(expired[0]?.remainingMs, 0)
    assert.deepEqual(await scene.swept(), NOTHING, 'expired once')
    assert.equal((await scene.store.totals()).registrations, 0)
  },

  'an expired one says how late it is': async (scene) => {
    await scene.register()
    await scene.under.advance(10_700)
    assert.equal((await scene.sweep()).expired[0]?.remainingMs, -700)
  },

  'the earliest come first, at most as many as asked for': async (scene) => {
    for (const [index, keepAliveSeconds] of [5, 2, 4, 1, 3].entries())
      await scene.register({ userEndpointId: `device ${index}`, keepAliveSeconds })
    await scene.under.advance(4000)
    const periods = async (max: number) => (await scene.sweep(max)).expired.map((r) => r.keepAliveSeconds)
    assert.deepEqual(await periods(2), [1, 2])
    assert.deepEqual(await periods(0), [])
    assert.deepEqual(await periods(10), [3, 4])
  },

  'a sweep says when to look again: at once where there is more, else not after the next is due': async (
    scene,
  ) => {
    assert.equal((await scene.sweep()).nextDueInMs, Number.POSITIVE_INFINITY)
    for (const [index, keepAliveSeconds] of [1, 1, 8].entries())
      await scene.register({ userEndpointId: `device ${index}`, keepAliveSeconds })
    const isAhead = (nextDueInMs: number, byMs: number) => nextDueInMs > 0 && nextDueInMs <= byMs
    assert(isAhead((await scene.sweep()).nextDueInMs, 1000))
    await scene.under.advance(1000)
    assert.equal((await scene.sweep(1)).nextDueInMs, 0)
    assert(isAhead((await scene.sweep(1)).nextDueInMs, 7000))
  },

  'a keepalive puts it off': async (scene) => {
    await scene.register()
    await scene.under.advance(9000)
    await scene.keepalive()
    await scene.under.advance(9999)
    assert.deepEqual(await scene.swept(), NOTHING)
    await scene.under.advance(1)
    assert.deepEqual(await scene.swept(), { reminded: [], expired: ['phone'] })
  },

  'a refresh with a shorter period brings it forward': async (scene) => {
    await scene.register({ keepAliveSeconds: 1000 })
    await scene.register({ keepAliveSeconds: 2 })
    await scene.under.advance(2000)
    assert.deepEqual(await scene.swept(), { reminded: [], expired: ['phone'] })
  },

  'a reminder is due at two thirds of the period, once, and again after a keepalive': async (scene) => {
    const wanted = { keepAliveSeconds: 9, serverKeepAliveReminderOn: true }
    const registration = await scene.register(wanted)
    await scene.under.advance(5999)
    assert.deepEqual(await scene.swept(), NOTHING)
    await scene.under.advance(1)
    const { reminded } = await scene.sweep()
    assert.deepEqual(reminded, [{ ...registration, reminded: true, remainingMs: 3000 }])
    assert.equal((await scene.find())?.reminded, true)
    assert.deepEqual(await scene.swept(), NOTHING, 'once a period')
    await scene.under.advance(2900)
    assert.deepEqual(await scene.swept(), NOTHING)
    assert.equal((await scene.keepalive())?.reminded, false)
    await scene.under.advance(6000)
    assert.deepEqual((await scene.swept()).reminded, ['phone'], 'a new period, a new reminder')
  },

  'a reminded one that stays silent expires at its deadline': async (scene) => {
    const registration = await scene.register({ keepAliveSeconds: 9, serverKeepAliveReminderOn: true })
    await scene.under.advance(6000)
    assert.deepEqual(await scene.swept(), { reminded: ['phone'], expired: [] })
    await scene.under.advance(3000)
    const { expired } = await scene.sweep()
    assert.deepEqual(expired.map(lasting), [{ ...lasting(registration), reminded: true }])
  },

  'one whose reminder comes too late expires without': async (scene) => {
    await scene.register({ keepAliveSeconds: 9, serverKeepAliveReminderOn: true })
    await scene.under.advance(9000)
    assert.deepEqual(await scene.swept(), { reminded: [], expired: ['phone'] })
  },

  'one that was renewed or removed in time is neither reminded nor expired': async (scene) => {
    const renewed = await scene.register({ keepAliveSeconds: 9, serverKeepAliveReminderOn: true })
    const removed = await scene.register({ ...renewed, userEndpointId: 'removed' })
    await scene.under.advance(6000)
    await scene.keepalive()
    await scene.unregister(removed)
    assert.deepEqual(await scene.swept(), NOTHING)
    assert.equal((await scene.find())?.reminded, false)
    await scene.under.advance(6000)
    assert.deepEqual(await scene.swept(), { reminded: ['phone'], expired: [] })
  },

  'one that was registered anew before it was swept still expires, and leaves the new one alone': async (
    scene,
  ) => {
    const old = await scene.register()
    await scene.append('for the old one')
    await scene.under.advance(10_500)
    const young = await scene.register()
    await scene.append('for the new one')
    assert.equal((await scene.store.totals()).registrations, 2)
    assert.deepEqual(await scene.payloads(old), ['for the old one'])
    assert.deepEqual((await scene.sweep()).expired.map(lasting), [lasting(old)])
    assert.deepEqual(await scene.find(), young)
    assert.deepEqual(await scene.payloads(young), ['for the new one'])
    assert.deepEqual(await scene.payloads(old), [])
    assert.deepEqual(await scene.store.totals(), { registrations: 1, mailboxEvents: 1, mailboxBytes: 15 })
  },

  'what expires together ends each in its own way: with a mailbox, without one, and replaced': async (
    scene,
  ) => {
    const bob = { ...ENDPOINT, userId: 'bob' }
    const silent = await scene.register({ userEndpointId: 'silent' })
    await scene.append('for the silent one', silent)
    const old = await scene.register()
    const empty = await scene.register({ userEndpointId: 'empty' })
    const bobs = await scene.register(bob)
    await scene.under.advance(1000)
    await scene.keepalive(silent)
    const silentSeenAtWallMs = scene.under.wallMs()
    await scene.under.advance(10_000)
    const young = await scene.register()
    await scene.append('for the young one')
    const byId = ({ expired }: { readonly expired: readonly Registration[] }) =>
      expired.map(({ registrationId }) => registrationId).sort((a, b) => a - b)
    assert.deepEqual(
      byId(await scene.sweep()),
      [silent, old, empty, bobs].map(({ registrationId }) => registrationId),
    )
    assert.deepEqual(scene.under.ended, [['acme', 1]])
    assert.deepEqual(await scene.list(), [young])
    assert.deepEqual(await scene.list(bob), [])
    assert.deepEqual(await scene.payloads(silent), [])
    assert.deepEqual(await scene.payloads(young), ['for the young one'])
    assert.deepEqual(await scene.store.totals(), { registrations: 1, mailboxEvents: 1, mailboxBytes: 17 })
    await scene.unregister()
    assert.equal(await scene.store.lastSeen.find(ENDPOINT), young.lastKeepAliveAtWallMs)
    assert.equal(await scene.store.lastSeen.find(bob), silentSeenAtWallMs - 1000)
    assert.deepEqual(await scene.swept(), NOTHING)
    assert.deepEqual(await scene.store.totals(), { registrations: 0, mailboxEvents: 0, mailboxBytes: 0 })
  },

  'an unregistered one is never due': async (scene) => {
    await scene.register()
    await scene.unregister()
    await scene.under.advance(20_000)
    assert.deepEqual(await scene.swept(), NOTHING)
  },

  'many due at once are swept in slices, each once': async (scene) => {
    const names = Array.from({ length: 250 }, (_, index) => `user ${index}`)
    await Promise.all(names.map((userId) => scene.register({ ...ENDPOINT, userId })))
    await scene.under.advance(10_000)
    const seen = new Set<number>()
    for (let swept = await scene.sweep(100); swept.expired.length > 0; swept = await scene.sweep(100)) {
      assert(swept.expired.length <= 100)
      for (const { registrationId } of swept.expired) seen.add(registrationId)
    }
    assert.equal(seen.size, 250)
    assert.equal((await scene.store.totals()).registrations, 0)
  },

  'who sweeps at the same time is told different things': async (scene) => {
    for (let count = 0; count < 20; count++) await scene.register({ userEndpointId: `device ${count}` })
    await scene.under.advance(10_000)
    const swept = await Promise.all(Array.from({ length: 4 }, () => scene.sweep(7)))
    const ids = swept.flatMap(({ expired }) => expired.map(({ userEndpointId }) => userEndpointId))
    assert.equal(ids.length, 20)
    assert.equal(new Set(ids).size, 20)
  },
}
