import assert from 'node:assert/strict'
import { type Cases, ENDPOINT } from './scene.ts'

export const dueCases: Cases = {
  'a registration is due at its deadline, not before, and handed out once': async (scene) => {
    const registration = await scene.register()
    await scene.under.advance(9999)
    assert.deepEqual(await scene.claim(), [])
    await scene.under.advance(1)
    assert.deepEqual(await scene.claim(), [registration])
    assert.deepEqual(await scene.claim(), [])
    assert.deepEqual(await scene.settle('expire', registration), [{ registration, step: 'expire' }])
    assert.deepEqual(await scene.claim(), [])
    assert.deepEqual(await scene.settle('expire', registration), [], 'expired once')
    assert.equal(scene.store.totals().registrations, 0)
  },

  'the earliest come first, at most as many as asked for': async (scene) => {
    for (const [index, keepAliveSeconds] of [5, 2, 4, 1, 3].entries())
      await scene.register({ userEndpointId: `device ${index}`, keepAliveSeconds })
    await scene.under.advance(4000)
    const periods = async (max: number) => (await scene.claim(max)).map((r) => r.keepAliveSeconds)
    assert.deepEqual(await periods(2), [1, 2])
    assert.deepEqual(await periods(0), [])
    assert.deepEqual(await periods(10), [3, 4])
  },

  'a keepalive puts it off': async (scene) => {
    await scene.register()
    await scene.under.advance(9000)
    await scene.keepalive()
    await scene.under.advance(9999)
    assert.deepEqual(await scene.claim(), [])
    await scene.under.advance(1)
    assert.equal((await scene.claim()).length, 1)
  },

  'a refresh with a shorter period brings it forward': async (scene) => {
    await scene.register({ keepAliveSeconds: 1000 })
    await scene.register({ keepAliveSeconds: 2 })
    await scene.under.advance(2000)
    assert.equal((await scene.claim()).length, 1)
  },

  'a reminder is due at two thirds of the period, once, and again after a keepalive': async (scene) => {
    const wanted = { keepAliveSeconds: 9, serverKeepAliveReminderOn: true }
    const registration = await scene.register(wanted)
    await scene.under.advance(5999)
    assert.deepEqual(await scene.claim(), [])
    await scene.under.advance(1)
    assert.deepEqual(await scene.claim(), [registration])
    assert.equal((await scene.settle('remind', registration)).length, 1)
    assert.equal((await scene.find())?.reminded, true)
    assert.deepEqual(await scene.claim(), [], 'once a period')
    await scene.under.advance(2999)
    assert.deepEqual(await scene.claim(), [])
    assert.equal((await scene.keepalive())?.reminded, false)
    await scene.under.advance(6000)
    assert.equal((await scene.claim()).length, 1, 'a new period, a new reminder')
  },

  'a reminded one that stays silent is due at its deadline': async (scene) => {
    const registration = await scene.register({ keepAliveSeconds: 9, serverKeepAliveReminderOn: true })
    await scene.under.advance(6000)
    await scene.claim()
    await scene.settle('remind', registration)
    await scene.under.advance(3000)
    assert.deepEqual(await scene.claim(), [{ ...registration, reminded: true }])
  },

  'waiting makes it due again': async (scene) => {
    const registration = await scene.register()
    await scene.under.advance(10_000)
    await scene.claim()
    assert.equal((await scene.settle('wait', registration)).length, 1)
    assert.deepEqual(await scene.claim(), [registration])
  },

  'a decision about one that was renewed or removed since is dropped, and the claim ends': async (scene) => {
    const renewed = await scene.register({ keepAliveSeconds: 9, serverKeepAliveReminderOn: true })
    const removed = await scene.register({ ...renewed, userEndpointId: 'removed' })
    await scene.under.advance(6000)
    assert.equal((await scene.claim()).length, 2)
    await scene.under.advance(1)
    await scene.keepalive()
    await scene.unregister(removed)
    assert.deepEqual(await scene.settle('remind', renewed, removed), [])
    assert.equal((await scene.find())?.reminded, false)
    await scene.under.advance(6000)
    assert.equal((await scene.claim()).length, 1)
  },

  'nothing is expired before its time': async (scene) => {
    const registration = await scene.register({ keepAliveSeconds: 9, serverKeepAliveReminderOn: true })
    await scene.under.advance(6000)
    await scene.claim()
    assert.deepEqual(await scene.settle('expire', registration), [])
    assert.notEqual(await scene.find(), undefined)
  },

  'one that was registered anew before it was swept still expires, and leaves the new one alone': async (
    scene,
  ) => {
    const old = await scene.register()
    await scene.append('for the old one')
    await scene.under.advance(10_500)
    const young = await scene.register()
    await scene.append('for the new one')
    assert.equal(scene.store.totals().registrations, 2)
    assert.deepEqual(await scene.claim(), [old])
    assert.deepEqual(await scene.payloads(old), ['for the old one'])
    assert.equal((await scene.settle('expire', old)).length, 1)
    assert.deepEqual(await scene.find(), young)
    assert.deepEqual(await scene.payloads(young), ['for the new one'])
    assert.deepEqual(await scene.payloads(old), [])
    assert.deepEqual(scene.store.totals(), { registrations: 1, mailboxEvents: 1, mailboxBytes: 15 })
  },

  'an unregistered one is never due': async (scene) => {
    await scene.register()
    await scene.unregister()
    await scene.under.advance(20_000)
    assert.deepEqual(await scene.claim(), [])
  },

  'many due at once are handed out in slices, each once': async (scene) => {
    const names = Array.from({ length: 250 }, (_, index) => `user ${index}`)
    await Promise.all(names.map((userId) => scene.register({ ...ENDPOINT, userId })))
    await scene.under.advance(10_000)
    const seen = new Set<number>()
    for (let slice = await scene.claim(100); slice.length > 0; slice = await scene.claim(100)) {
      assert(slice.length <= 100)
      for (const { registrationId } of slice) seen.add(registrationId)
      assert.equal((await scene.settle('expire', ...slice)).length, slice.length)
    }
    assert.equal(seen.size, 250)
    assert.equal(scene.store.totals().registrations, 0)
  },
}
