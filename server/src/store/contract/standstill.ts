import assert from 'node:assert/strict'
import { type Cases, ENDPOINT, type Scene } from './scene.ts'

/** What the moment is for whoever asks now: judged by what was heard. */
function heardAt(scene: Scene) {
  return { ...scene.at, heardMs: scene.store.serviceTime.heardMs() }
}

export const standstillCases: Cases = {
  'time passes by a second at most while the process stands still': async (scene) => {
    await scene.under.advance(500)
    const beforeMs = scene.at.nowMs
    await scene.under.stall(3_600_000)
    const passedMs = scene.at.nowMs - beforeMs
    assert(passedMs > 0 && passedMs <= 1000, `${passedMs} ms passed`)
    const { nowMs } = scene.at
    await scene.under.advance(2500)
    assert.equal(scene.at.nowMs, nowMs + 2500, 'and goes on as before')
  },

  'what was heard follows the time, and never overtakes it': async (scene) => {
    const { serviceTime } = scene.store
    for (let round = 0; round < 20; round++) {
      const beforeMs = serviceTime.heardMs()
      await (round % 5 === 4 ? scene.under.stall(round * 700) : scene.under.advance(730))
      assert(serviceTime.heardMs() > beforeMs)
      assert(serviceTime.heardMs() <= serviceTime.nowMs())
      assert(serviceTime.nowMs() - serviceTime.heardMs() <= 1000)
    }
  },

  'after a standstill everybody who lived has a full period, and nobody else': async (scene) => {
    const registration = await scene.register({ keepAliveSeconds: 15 })
    const dead = { ...ENDPOINT, userEndpointId: 'dead' }
    await scene.register({ ...dead, keepAliveSeconds: 9 })
    await scene.under.advance(9800)
    await scene.under.stall(5500)
    const { nowMs } = scene.at
    assert.equal((await scene.find())?.expiresAtMs, nowMs + 15_000)
    assert.equal(await scene.find(dead), undefined)
    await scene.under.advance(14_999)
    const kept = await scene.store.registrations.keepalive(ENDPOINT, undefined, heardAt(scene))
    assert.equal(kept?.registrationId, registration.registrationId)
    await scene.under.advance(15_000)
    assert.equal(await scene.find(), undefined)
    assert.equal((await scene.claim()).length, 2, 'both are due')
  },

  'a standstill of half a minute, again and again, expires nobody who would have kept alive': async (
    scene,
  ) => {
    await scene.register({ keepAliveSeconds: 10 })
    for (let round = 0; round < 100; round++) {
      await scene.under.advance(9_000)
      await scene.under.stall(30_000)
    }
    assert.notEqual(await scene.find(), undefined)
    await scene.under.advance(10_000)
    assert.equal(await scene.find(), undefined, 'but it does not live for ever')
  },

  'a period that is given anew has a reminder of its own': async (scene) => {
    const registration = await scene.register({ keepAliveSeconds: 9, serverKeepAliveReminderOn: true })
    await scene.under.advance(6000)
    await scene.claim()
    await scene.settle('remind', registration)
    await scene.under.stall(5000)
    assert.equal((await scene.find())?.reminded, false)
    await scene.under.advance(5999)
    assert.deepEqual(await scene.claim(), [])
    await scene.under.advance(1)
    assert.equal((await scene.claim()).length, 1)
  },

  'a decision from before the standstill is dropped, and the claim ends': async (scene) => {
    const registration = await scene.register({ keepAliveSeconds: 9, serverKeepAliveReminderOn: true })
    await scene.under.advance(6000)
    assert.equal((await scene.claim()).length, 1)
    await scene.under.stall(5000)
    assert.deepEqual(await scene.settle('remind', registration), [])
    await scene.under.advance(6000)
    assert.equal((await scene.claim()).length, 1)
  },

  'who is judged by what was heard lives until then, and has a full period from now': async (scene) => {
    await scene.register({ keepAliveSeconds: 10 })
    await scene.under.advance(10_000)
    const late = { ...scene.at, heardMs: scene.at.nowMs - 1 }
    assert.equal(await scene.store.registrations.keepalive(ENDPOINT, undefined, scene.at), undefined)
    const kept = await scene.store.registrations.keepalive(ENDPOINT, undefined, late)
    assert.equal(kept?.expiresAtMs, late.nowMs + 10_000)
  },
}

export const standstillRestartCases: Cases = {
  'a period given anew after a standstill outlives a crash': async (scene) => {
    await scene.register({ keepAliveSeconds: 900 })
    await scene.under.advance(899_000)
    await scene.under.stall(5000)
    await scene.under.advance(1000)
    await scene.under.crash(1000)
    await scene.under.advance(898_000)
    assert.notEqual(await scene.find(), undefined)
    await scene.under.advance(3000)
    assert.equal(await scene.find(), undefined)
  },
}
