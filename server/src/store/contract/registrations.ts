import assert from 'node:assert/strict'
import type { Registration } from '../store.ts'
import { linkOf } from './entries.ts'
import { type Cases, ENDPOINT, lasting, type Scene } from './scene.ts'

const DEVICES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty']

/** One after the other. */
async function registerThree(scene: Scene): Promise<readonly [Registration, Registration, Registration]> {
  const register = async (userEndpointId: string): Promise<Registration> => {
    await scene.under.advance(100)
    return scene.register({ userEndpointId })
  }
  return [await register('a'), await register('b'), await register('c')]
}

export const registrationCases: Cases = {
  'a registration is what was asked for, and live for its period': async (scene) => {
    const at = scene.at
    const registration = await scene.register({ keepAliveSeconds: 7, serverKeepAliveReminderOn: true })
    assert(registration.registrationId > 0)
    assert.deepEqual(registration, {
      ...ENDPOINT,
      registrationId: registration.registrationId,
      keepAliveSeconds: 7,
      serverKeepAliveReminderOn: true,
      registeredAtWallMs: at.nowWallMs,
      lastKeepAliveAtWallMs: at.nowWallMs,
      remainingMs: 7000,
      reminded: false,
      authorizedUntilWallMs: 0,
    })
    assert.deepEqual(await scene.find(), registration)
    await scene.under.advance(6999)
    assert.deepEqual(await scene.find(), { ...registration, remainingMs: 1 })
  },

  'an expired one is invisible from its deadline on, swept or not': async (scene) => {
    await scene.register()
    await scene.under.advance(10_000)
    assert.equal(await scene.find(), undefined)
    assert.deepEqual(await scene.list(), [])
    assert.equal(await scene.keepalive(), undefined)
    assert.equal(await scene.unregister(), undefined)
    assert.equal(await scene.find(), undefined, 'a keepalive brings nothing back to life')
  },

  'registering again refreshes: same registration and mailbox, new period, reminder and deadline': async (
    scene,
  ) => {
    const first = await scene.register({ keepAliveSeconds: 10, authorizedUntilWallMs: 500 })
    await scene.append('waits')
    await scene.under.advance(4000)
    const request = {
      ...ENDPOINT,
      keepAliveSeconds: 3,
      serverKeepAliveReminderOn: true,
      authorizedUntilWallMs: 400,
    }
    const at = scene.at
    const outcome = await scene.store.registrations.register(request, 1)
    const expected = {
      ...first,
      keepAliveSeconds: 3,
      serverKeepAliveReminderOn: true,
      lastKeepAliveAtWallMs: at.nowWallMs,
      remainingMs: 3000,
    }
    assert.deepEqual(outcome, { kind: 'registered', registration: expected, refreshed: true })
    assert.deepEqual(await scene.payloads(expected), ['waits'])
    assert.equal((await scene.store.totals()).registrations, 1)
  },

  'after expiry or unregister a new registration is another one, with an empty mailbox': async (scene) => {
    const first = await scene.register()
    await scene.append('gone with the first')
    await scene.unregister()
    const second = await scene.register()
    await scene.append('gone with the second')
    await scene.under.advance(10_000)
    const third = await scene.register()
    const ids = [first, second, third].map(({ registrationId }) => registrationId)
    assert.equal(new Set(ids).size, 3)
    for (const registration of [third, second, first])
      assert.equal((await scene.read(registration)).length, registration === second ? 1 : 0)
    assert.deepEqual(await scene.payloads(third), [])
  },

  'a user has at most so many live endpoints, also when they register at once': async (scene) => {
    const register = (userEndpointId: string) =>
      scene.store.registrations.register(
        {
          ...ENDPOINT,
          userEndpointId,
          keepAliveSeconds: 10,
          serverKeepAliveReminderOn: false,
          authorizedUntilWallMs: 0,
        },
        2,
      )
    const outcomes = await Promise.all(['a', 'b', 'c'].map(register))
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ['registered', 'registered', 'too_many_endpoints'],
    )
    assert.equal((await register('b')).kind, 'registered', 'a refresh is none more')
    await scene.under.advance(10_000)
    assert.equal((await register('c')).kind, 'registered', 'expired ones do not count')
  },

  'a user who has all the endpoints it may: the unlinked one that was silent longest makes room': async (
    scene,
  ) => {
    const [a, b, c] = await registerThree(scene)
    await scene.append('waits', { userEndpointId: 'a' })
    await scene.under.advance(100)
    await scene.keepalive({ ...ENDPOINT, userEndpointId: 'a' })
    await scene.store.links.attach(b, linkOf(1))
    const wanted = { mayEvict: true }
    const outcome = await scene.tryToRegister({ ...wanted, userEndpointId: 'd' }, 3)
    assert(outcome.kind === 'registered')
    assert.deepEqual(
      outcome.madeRoom?.map(lasting),
      [lasting(c)],
      'neither the linked one nor the one heard of last',
    )
    assert.deepEqual(await scene.ids(), ['a', 'b', 'd'])
    const again = await scene.tryToRegister({ ...wanted, userEndpointId: 'c' }, 3)
    assert(again.kind === 'registered')
    assert.deepEqual(
      again.madeRoom?.map(({ registrationId }) => registrationId),
      [a.registrationId],
    )
    assert.notEqual(again.registration.registrationId, c.registrationId)
    assert.equal(await scene.depth(a), 0, 'its mailbox goes with it')
    assert.deepEqual(scene.under.ended, [['acme', 1]])
    assert.equal((await scene.store.totals()).registrations, 3)
    assert.deepEqual(await scene.ids(), ['b', 'd', 'c'])
  },

  'nobody makes room where all are linked, nobody is asked, there is room, or it is a refresh': async (
    scene,
  ) => {
    const three = await registerThree(scene)
    for (const one of three) await scene.store.links.attach(one, linkOf(1))
    const refused = { kind: 'too_many_endpoints' }
    const d = { userEndpointId: 'd' }
    assert.deepEqual(await scene.tryToRegister({ ...d, mayEvict: true }, 3), refused)
    assert.deepEqual(await scene.tryToRegister(d, 3), refused)
    const refreshed = await scene.tryToRegister({ userEndpointId: 'b', mayEvict: true }, 3)
    assert(refreshed.kind === 'registered' && refreshed.refreshed && refreshed.madeRoom === undefined)
    const roomy = await scene.tryToRegister({ ...d, mayEvict: true }, 4)
    assert(roomy.kind === 'registered' && roomy.madeRoom === undefined)
    assert.deepEqual(await scene.ids(), ['a', 'b', 'c', 'd'])
  },

  'where fewer are allowed than there are, as many as needed make room, or none': async (scene) => {
    const [, b, c] = await registerThree(scene)
    for (const one of [b, c]) await scene.store.links.attach(one, linkOf(1))
    const d = { userEndpointId: 'd' }
    assert.equal((await scene.tryToRegister({ ...d, mayEvict: true }, 2)).kind, 'too_many_endpoints')
    assert.deepEqual(await scene.ids(), ['a', 'b', 'c'])
    for (const one of [b, c]) await scene.store.links.detach(one, linkOf(1), 'unsubscribed')
    await scene.tryToRegister({ ...d, mayEvict: true }, 2)
    assert.deepEqual(await scene.ids(), ['c', 'd'])
  },

  'a keepalive moves the deadline, and the authorization only forward': async (scene) => {
    const registration = await scene.register({ authorizedUntilWallMs: 1000 })
    await scene.under.advance(9000)
    const at = scene.at
    const kept = await scene.keepalive(ENDPOINT, 2000)
    assert.deepEqual(kept, {
      ...registration,
      lastKeepAliveAtWallMs: at.nowWallMs,
      remainingMs: 10_000,
      authorizedUntilWallMs: 2000,
    })
    assert.equal((await scene.keepalive(ENDPOINT, 1500))?.authorizedUntilWallMs, 2000)
    assert.equal((await scene.keepalive())?.authorizedUntilWallMs, 2000)
    await scene.under.advance(9999)
    assert.notEqual(await scene.find(), undefined)
    await scene.under.advance(1)
    assert.equal(await scene.find(), undefined)
  },

  'users and organizations never meet, whatever their ids are': async (scene) => {
    const endpoints = ['acme', 'globex', '__proto__'].flatMap((organizationId) =>
      ['alice', 'constructor'].flatMap((userId) =>
        DEVICES.map((userEndpointId) => ({ organizationId, userId, userEndpointId })),
      ),
    )
    for (const endpoint of endpoints) assert.equal(await scene.find(endpoint), undefined)
    for (const endpoint of endpoints) await scene.register(endpoint)
    const user = { organizationId: 'globex', userId: 'constructor' }
    assert.deepEqual(
      (await scene.list(user)).map((r) => r.userEndpointId),
      DEVICES,
    )
    await scene.unregister({ ...user, userEndpointId: '__proto__' })
    const left = await Promise.all(endpoints.map((endpoint) => scene.find(endpoint)))
    assert.equal(left.filter((registration) => registration === undefined).length, 1)
    assert.equal(await scene.keepalive({ ...user, userEndpointId: 'phone' }), undefined)
  },

  'a list is oldest first, and a refresh does not make younger': async (scene) => {
    for (const userEndpointId of ['c', 'a', 'b']) await scene.register({ userEndpointId })
    await scene.under.advance(5)
    await scene.register({ userEndpointId: 'c' })
    await scene.unregister({ ...ENDPOINT, userEndpointId: 'a' })
    await scene.register({ userEndpointId: 'a' })
    const listed = await scene.list()
    assert.deepEqual(
      listed.map(({ userEndpointId }) => userEndpointId),
      ['c', 'b', 'a'],
    )
  },

  'what was handed out does not change later': async (scene) => {
    const registration = await scene.register()
    const before = { ...registration }
    await scene.under.advance(1000)
    await scene.keepalive(ENDPOINT, 99)
    assert.deepEqual(registration, before)
  },
}
