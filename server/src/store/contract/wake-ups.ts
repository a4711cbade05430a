import assert from 'node:assert/strict'
import { send } from './history-scene.ts'
import { type Cases, ENDPOINT, type Scene } from './scene.ts'

const HOW = Uint8Array.of(1, 2, 3)
const OTHER = Uint8Array.of(1, 2, 4)

const wakeUp = async (scene: Scene): Promise<Uint8Array | undefined> => {
  const found = (await scene.find())?.wakeUp
  return found && Uint8Array.from(found)
}

const wakeable = async (scene: Scene, after = 0, max = 100): Promise<readonly string[]> => {
  const { registrations } = await scene.store.registrations.listWakeable(after, max)
  return registrations.map(({ userEndpointId }) => userEndpointId)
}

export const wakeUpCases: Cases = {
  'how a device is woken is kept with its registration, and only where that says so': async (scene) => {
    await scene.register()
    assert.equal(Object.hasOwn((await scene.find()) ?? {}, 'wakeUp'), false)
    await scene.register({ wakeUp: HOW })
    assert.deepEqual(await wakeUp(scene), HOW)
    await scene.keepalive()
    assert.deepEqual(await wakeUp(scene), HOW, 'a keepalive leaves it')
    assert.deepEqual(
      (await scene.list()).map((one) => one.wakeUp?.length),
      [3],
    )
  },

  'registering again replaces it, also by nothing': async (scene) => {
    await scene.register({ wakeUp: HOW })
    await scene.register({ wakeUp: OTHER })
    assert.deepEqual(await wakeUp(scene), OTHER)
    await scene.register()
    assert.equal(await wakeUp(scene), undefined)
    assert.equal(Object.hasOwn((await scene.find()) ?? {}, 'wakeUp'), false)
  },

  'it is forgotten where it is still what failed, and not where it was said anew': async (scene) => {
    const { registrations } = scene.store
    const registration = await scene.register({ wakeUp: HOW })
    await scene.register({ wakeUp: OTHER })
    assert.equal(await registrations.forgetWakeUp(registration, HOW), false)
    assert.deepEqual(await wakeUp(scene), OTHER)
    assert.equal(await registrations.forgetWakeUp(registration, OTHER), true)
    assert.equal(await registrations.forgetWakeUp(registration, OTHER), false)
    assert.equal(await wakeUp(scene), undefined)
    await scene.unregister()
    assert.equal(await registrations.forgetWakeUp(registration, OTHER), false)
  },

  'an append says whose devices can be woken': async (scene) => {
    await scene.register({ userEndpointId: 'a', wakeUp: HOW })
    await scene.register({ userEndpointId: 'b' })
    const { accepted } = await scene.appendToAll('x')
    assert.deepEqual(
      accepted.map(({ registration, canBeWoken }) => [registration.userEndpointId, canBeWoken]),
      [
        ['a', true],
        ['b', undefined],
      ],
    )
  },

  'those that something waits for are listed in pages, while they live': async (scene) => {
    for (const userEndpointId of ['a', 'b', 'c']) await scene.register({ userEndpointId, wakeUp: HOW })
    await scene.register({ userEndpointId: 'd' })
    assert.deepEqual(await wakeable(scene), [])
    await scene.appendToAll('x')
    assert.deepEqual(await wakeable(scene), ['a', 'b', 'c'])
    const first = await scene.store.registrations.listWakeable(0, 2)
    assert.equal(first.registrations.length, 2)
    assert.deepEqual(await wakeable(scene, first.next), ['c'])
    await scene.store.registrations.unregister({ ...ENDPOINT, userEndpointId: 'b' })
    assert.deepEqual(await wakeable(scene), ['a', 'c'])
    await scene.under.advance(10_000)
    assert.deepEqual(await wakeable(scene), [])
  },

  'woken is noted of what waits, and not of what was sent': async (scene) => {
    const registration = await scene.register({ wakeUp: HOW })
    const { accepted } = await send(scene, 'e')
    const sequence = accepted[0]?.sequence ?? 0
    const outcomes = async () => {
      const found = await scene.store.history.find('e', {})
      return found?.endpoints.flatMap(({ outcome, at }) => [outcome, ...at.map((one) => one.outcome)])
    }
    scene.store.history.note({ registration, sequence }, 'woken')
    assert.deepEqual(await outcomes(), ['woken', 'queued', 'woken'])
    scene.store.history.note({ registration, sequence }, 'sent')
    scene.store.history.note({ registration, sequence }, 'woken')
    assert.deepEqual(await outcomes(), ['sent', 'queued', 'woken', 'sent'])
    const again = await send(scene, 'e')
    const next = again.accepted[0]?.sequence ?? 0
    scene.store.history.note({ registration, sequence: next }, 'sent')
    scene.store.history.note({ registration, sequence: next }, 'woken')
    assert.deepEqual(await outcomes(), ['sent', 'queued', 'sent'])
  },
}

export const wakeUpRestartCases: Cases = {
  'how a device is woken outlives a crash': async (scene) => {
    const long = new Uint8Array(16_384).fill(7)
    await scene.register({
      userEndpointId: 'a',
      wakeUp: long,
      serverKeepAliveReminderOn: true,
      keepAliveSeconds: 600,
    })
    await scene.register({ userEndpointId: 'ü', wakeUp: new Uint8Array(0), keepAliveSeconds: 600 })
    await scene.appendToAll('x')
    await scene.under.crash(10)
    const found = await scene.list()
    assert.deepEqual(
      found.map((one) => [one.userEndpointId, one.serverKeepAliveReminderOn, one.wakeUp?.length]),
      [
        ['a', true, 16_384],
        ['ü', false, 0],
      ],
    )
    assert.deepEqual(found[0]?.wakeUp && Uint8Array.from(found[0].wakeUp), long)
    assert.deepEqual(await wakeable(scene), ['a', 'ü'])
  },
}
