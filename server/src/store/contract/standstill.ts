import assert from 'node:assert/strict'
import { type Cases, ENDPOINT } from './scene.ts'

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
    assert.equal((await scene.find())?.remainingMs, 15_000)
    assert.equal(await scene.find(dead), undefined)
    await scene.under.advance(14_999)
    const kept = await scene.keepalive()
    assert.equal(kept?.registrationId, registration.registrationId)
    await scene.under.advance(15_100)
    assert.equal(await scene.find(), undefined)
    assert.equal((await scene.sweep()).expired.length, 2, 'both are due')
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
    await scene.register({ keepAliveSeconds: 9, serverKeepAliveReminderOn: true })
    await scene.under.advance(6000)
    assert.deepEqual(await scene.swept(), { reminded: ['phone'], expired: [] })
    await scene.under.stall(5000)
    assert.equal((await scene.find())?.reminded, false)
    await scene.under.advance(5999)
    assert.deepEqual(await scene.swept(), { reminded: [], expired: [] })
    await scene.under.advance(1)
    assert.deepEqual(await scene.swept(), { reminded: ['phone'], expired: [] })
  },

  'a reminder that was due before the standstill and not sent comes in the period that is given anew': async (
    scene,
  ) => {
    await scene.register({ keepAliveSeconds: 9, serverKeepAliveReminderOn: true })
    await scene.under.advance(6000)
    await scene.under.stall(5000)
    assert.deepEqual(await scene.swept(), { reminded: [], expired: [] })
    await scene.under.advance(6000)
    assert.deepEqual(await scene.swept(), { reminded: ['phone'], expired: [] })
  },

  'who is judged by what was heard lives until then, and has a full period from now': async (scene) => {
    // Between two looks at whether time passes.
    await scene.under.advance(50)
    await scene.register({ keepAliveSeconds: 10 })
    const { serviceTime } = scene.store
    await scene.under.advance(10_010)
    assert(serviceTime.heardMs() < serviceTime.nowMs() - 10, 'its time is over, and nobody knows yet')
    assert.deepEqual(await scene.swept(), { reminded: [], expired: [] })
    assert((await scene.find())?.remainingMs === -10)
    assert.equal((await scene.append('x')).accepted.length, 1)
    assert.equal((await scene.keepalive())?.remainingMs, 10_000)
    await scene.under.advance(10_100)
    assert.equal(await scene.keepalive(), undefined)
    assert.deepEqual(await scene.swept(), { reminded: [], expired: ['phone'] })
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
