import assert from 'node:assert/strict'
import type { Range } from '../store.ts'
import type { Cases, Scene } from './scene.ts'

const DAY_MS = 86_400_000
const PHONE = { userEndpointId: 'phone' }

async function list(scene: Scene, wanted: Partial<Range> = {}, organizationId = 'acme') {
  const range = { prefix: '', after: '', max: 100, ...wanted }
  const { users, next } = await scene.store.users.list(organizationId, range)
  return { ids: users.map(({ userId }) => userId), users, next }
}

async function organizations(scene: Scene, wanted: Partial<Range> = {}) {
  return scene.store.users.organizations({ prefix: '', after: '', max: 100, ...wanted })
}

export const userCases: Cases = {
  'users are listed in order, those that have gone too, with when they were seen': async (scene) => {
    assert.deepEqual((await list(scene)).users, [])
    for (const userId of ['bob', 'alice', '__proto__', 'zoë']) await scene.register({ userId })
    await scene.register({ userId: 'alice', userEndpointId: 'tablet' })
    await scene.register({ userId: 'alice', organizationId: 'globex' })
    await scene.register({ userId: 'alice', organizationId: 'acme2' })
    await scene.unregister({ organizationId: 'acme', userId: 'bob', ...PHONE })
    const { users, ids, next } = await list(scene)
    assert.deepEqual([ids, next], [['__proto__', 'alice', 'bob', 'zoë'], undefined])
    for (const { lastSeenWallMs } of users) assert.equal(lastSeenWallMs, scene.under.wallMs())
    assert.deepEqual((await list(scene, {}, 'globex')).ids, ['alice'])
    assert.deepEqual((await list(scene, {}, 'nobody')).ids, [])
  },

  'a page goes on where the one before it ended, whatever comes and goes in between': async (scene) => {
    for (const userId of ['a1', 'a2', 'a3', 'b1']) await scene.register({ userId })
    const first = await list(scene, { prefix: 'a', max: 2 })
    assert.deepEqual([first.ids, first.next], [['a1', 'a2'], 'a2'])
    await scene.register({ userId: 'a2b' })
    await scene.register({ userId: 'a0' })
    const second = await list(scene, { prefix: 'a', after: 'a2', max: 2 })
    assert.deepEqual([second.ids, second.next], [['a2b', 'a3'], undefined])
    assert.deepEqual((await list(scene, { prefix: 'a', after: 'b' })).ids, [])
    assert.deepEqual((await list(scene, { prefix: 'b', after: 'a' })).ids, ['b1'])
    assert.deepEqual((await list(scene, { prefix: 'c' })).ids, [])
    assert.deepEqual((await list(scene, { max: 4 })).next, 'a2b')
  },

  'many are listed page by page, in order, each once, those that are forgotten passed over': async (
    scene,
  ) => {
    const names = Array.from({ length: 60 }, (_, index) => `user ${String(index).padStart(2, '0')}`)
    for (const userId of names) await scene.register({ userId })
    for (const userId of names.slice(20, 40))
      await scene.store.erasure.erase({ organizationId: 'acme', userId })
    const left = [...names.slice(0, 20), ...names.slice(40)]
    for (const max of [1, 7, 40, 60]) {
      const seen: string[] = []
      for (let after: string | undefined = ''; after !== undefined; ) {
        const page: Awaited<ReturnType<typeof list>> = await list(scene, { max, after })
        seen.push(...page.ids)
        after = page.next
      }
      assert.deepEqual(seen, left, `${max} at a time`)
    }
  },

  'who came after the first question is there, and who has expired is not registered': async (scene) => {
    await list(scene)
    await scene.register({ userId: 'late' })
    assert.deepEqual((await list(scene)).ids, ['late'])
    await scene.under.advance(10_000)
    const [late] = (await list(scene)).users
    assert.deepEqual(
      [late?.userId, await scene.list({ organizationId: 'acme', userId: 'late' })],
      ['late', []],
    )
  },

  'who was not seen for 90 days is forgotten once the clock is believed, and comes back': async (scene) => {
    await scene.register()
    await scene.unregister()
    scene.under.jumpWall(90 * DAY_MS)
    await scene.under.advance(1_000)
    assert.deepEqual((await list(scene)).ids, ['alice'])
    await scene.under.stall(DAY_MS)
    await scene.under.advance(1_000)
    assert.deepEqual((await list(scene)).ids, [])
    await scene.register()
    assert.deepEqual((await list(scene)).ids, ['alice'])
  },

  'organizations are those with a registration, in order': async (scene) => {
    for (const organizationId of ['globex', 'acme', 'acne']) await scene.register({ organizationId })
    assert.deepEqual(await organizations(scene), {
      organizationIds: ['acme', 'acne', 'globex'],
      next: undefined,
    })
    assert.deepEqual(await organizations(scene, { prefix: 'ac', max: 1 }), {
      organizationIds: ['acme'],
      next: 'acme',
    })
    assert.deepEqual(await organizations(scene, { prefix: 'ac', after: 'acme' }), {
      organizationIds: ['acne'],
      next: undefined,
    })
    await scene.unregister({ organizationId: 'acne', userId: 'alice', ...PHONE })
    assert.deepEqual((await organizations(scene)).organizationIds, ['acme', 'globex'])
  },
}

export const userRestartCases: Cases = {
  'who was there before is there after, registered or not': async (scene) => {
    for (const userId of ['bob', 'alice']) await scene.register({ userId, keepAliveSeconds: 600 })
    await scene.unregister({ organizationId: 'acme', userId: 'bob', ...PHONE })
    await scene.under.crash(1_000)
    const { users } = await list(scene)
    assert.deepEqual(
      users.map(({ userId }) => userId),
      ['alice', 'bob'],
    )
  },
}
