import assert from 'node:assert/strict'
import type { RefreshFamily, RotateOutcome } from '../store.ts'
import type { Cases, Scene } from './scene.ts'

const [HASH_1, HASH_2, HASH_3] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2), Buffer.alloc(32, 3)]
const SALT = Buffer.alloc(32, 9)
const REPEATABLE_MS = 500

function family(scene: Scene, familyId: string, wanted: Partial<RefreshFamily> = {}): RefreshFamily {
  return {
    familyId,
    clientId: 'customer',
    userId: 'alice',
    organizationId: 'acme',
    currentHash: HASH_1,
    scope: 'all',
    createdAtWallMs: scene.under.wallMs(),
    expiresAtWallMs: scene.under.wallMs() + 1000,
    basis: 'password 1',
    lastRotation: undefined,
    ...wanted,
  }
}

/** Presents `presented`, which is to be used up for `next`. */
function rotate(scene: Scene, presented: Buffer, next: Buffer, salt = SALT): Promise<RotateOutcome> {
  const successor = {
    currentHash: next,
    salt,
    repeatableMs: REPEATABLE_MS,
    expiresAtWallMs: scene.under.wallMs() + 5000,
    basis: 'password 2',
    organizationId: 'acme',
  }
  return scene.store.refreshFamilies.rotate('f', presented, successor)
}

/** A live family `f` whose first secret was just used up for its second. */
async function rotated(scene: Scene): Promise<RefreshFamily> {
  const created = family(scene, 'f')
  await scene.store.refreshFamilies.create(created, 5)
  const lastRotation = {
    usedHash: HASH_1,
    salt: SALT,
    repeatableUntilMs: scene.at.nowMs + REPEATABLE_MS,
  }
  const expiresAtWallMs = scene.under.wallMs() + 5000
  const expected = { ...created, currentHash: HASH_2, expiresAtWallMs, basis: 'password 2', lastRotation }
  assert.deepEqual(await rotate(scene, HASH_1, HASH_2), { kind: 'rotated', family: expected })
  return expected
}

export const tokenCases: Cases = {
  'a refresh family is kept until it expires': async (scene) => {
    const created = family(scene, '__proto__')
    const find = () => scene.store.refreshFamilies.find('__proto__')
    assert.equal(await find(), undefined)
    await scene.store.refreshFamilies.create(created, 5)
    assert.deepEqual(await find(), created)
    await scene.under.advance(1000)
    assert.equal(await find(), undefined)
  },

  'rotating replaces hash, expiry and basis': async (scene) => {
    const { refreshFamilies } = scene.store
    const expected = await rotated(scene)
    await scene.under.advance(4999)
    assert.deepEqual(await refreshFamilies.find('f'), expected)
    assert.equal((await rotate(scene, HASH_2, HASH_3)).kind, 'rotated')
  },

  'the hash used last may be shown again for a while, and changes nothing': async (scene) => {
    const expected = await rotated(scene)
    await scene.under.advance(REPEATABLE_MS - 1)
    for (const _ of [1, 2])
      assert.deepEqual(await rotate(scene, HASH_1, HASH_3, Buffer.alloc(32, 8)), {
        kind: 'repeated',
        family: expected,
        salt: SALT,
      })
    assert.deepEqual(await scene.store.refreshFamilies.find('f'), expected)
    assert.equal((await rotate(scene, HASH_2, HASH_3)).kind, 'rotated')
  },

  'the hash used last revokes the family once its time is over': async (scene) => {
    const expected = await rotated(scene)
    await scene.under.advance(REPEATABLE_MS)
    assert.deepEqual(await rotate(scene, HASH_1, HASH_3), { kind: 'reused', family: expected })
    assert.deepEqual(await rotate(scene, HASH_2, HASH_3), { kind: 'unknown' })
    assert.equal(await scene.store.refreshFamilies.find('f'), undefined)
  },

  'the hash used last revokes the family once its successor was used': async (scene) => {
    await rotated(scene)
    assert.equal((await rotate(scene, HASH_2, HASH_3)).kind, 'rotated')
    assert.equal((await rotate(scene, HASH_1, HASH_2)).kind, 'reused')
    assert.deepEqual(await rotate(scene, HASH_3, HASH_1), { kind: 'unknown' })
  },

  'a hash that never was one of the family revokes it': async (scene) => {
    await rotated(scene)
    assert.equal((await rotate(scene, Buffer.alloc(32, 7), HASH_3)).kind, 'reused')
    assert.deepEqual(await rotate(scene, HASH_2, HASH_3), { kind: 'unknown' })
  },

  'two who present the same hash at once: one rotates, the other repeats': async (scene) => {
    const { refreshFamilies } = scene.store
    await refreshFamilies.create(family(scene, 'f'), 5)
    const both = await Promise.all([
      rotate(scene, HASH_1, HASH_2, Buffer.alloc(32, 5)),
      rotate(scene, HASH_1, HASH_3, Buffer.alloc(32, 6)),
    ])
    assert.deepEqual(
      both.map((outcome) => [outcome.kind, outcome.kind === 'repeated' ? outcome.salt : undefined]),
      [
        ['rotated', undefined],
        ['repeated', Buffer.alloc(32, 5)],
      ],
    )
    const found = await refreshFamilies.find('f')
    assert.deepEqual(found?.currentHash, HASH_2)
  },

  'a user has so many families, and the oldest goes first': async (scene) => {
    const { refreshFamilies } = scene.store
    for (const id of ['a', 'b', 'c', 'd']) await refreshFamilies.create(family(scene, id), 3)
    await refreshFamilies.create(family(scene, 'e', { userId: 'bob' }), 3)
    const kept = await Promise.all(
      ['a', 'b', 'c', 'd', 'e'].map(async (id) => [id, (await refreshFamilies.find(id)) !== undefined]),
    )
    assert.deepEqual(Object.fromEntries(kept), { a: false, b: true, c: true, d: true, e: true })
    await refreshFamilies.revoke('b')
    await refreshFamilies.revoke('b')
    assert.equal(await refreshFamilies.find('b'), undefined)
  },

  'all families of a user can go at once, and nobody else loses one': async (scene) => {
    const { refreshFamilies } = scene.store
    for (const [id, userId] of [
      ['a', '__proto__'],
      ['b', '__proto__'],
      ['c', 'bob'],
    ] as const)
      await refreshFamilies.create(family(scene, id, { userId }), 5)
    await refreshFamilies.revokeOf('__proto__')
    await refreshFamilies.revokeOf('__proto__')
    const left = await Promise.all(['a', 'b', 'c'].map((id) => refreshFamilies.find(id)))
    assert.deepEqual(
      left.map((found) => found?.userId),
      [undefined, undefined, 'bob'],
    )
  },

  'a revoked user is listed until the time is over; of two revocations the later counts': async (scene) => {
    const { revokedUsers } = scene.store
    const nowWallMs = scene.under.wallMs()
    const add = (organizationId: string, userId: string, notBeforeWallMs: number, aheadMs: number) =>
      revokedUsers.add({ organizationId, userId, notBeforeWallMs, untilWallMs: nowWallMs + aheadMs })
    await add('acme', '__proto__', 5, 1000)
    await add('acme', '__proto__', 3, 10)
    await add('__proto__', 'alice', 7, 2000)
    const list = async () =>
      (await revokedUsers.list())
        .map(
          (one) =>
            `${one.organizationId} ${one.userId} ${one.notBeforeWallMs} ${one.untilWallMs - nowWallMs}`,
        )
        .sort()
    assert.deepEqual(await list(), ['__proto__ alice 7 2000', 'acme __proto__ 5 1000'])
    await scene.under.advance(1000)
    assert.deepEqual(await list(), ['__proto__ alice 7 2000'])
  },

  'a revoked token is listed until its time is over': async (scene) => {
    const { revokedTokens } = scene.store
    const untilWallMs = scene.under.wallMs() + 1000
    const long = { tokenKey: 'x'.repeat(10_000), untilWallMs: untilWallMs + 1 }
    await revokedTokens.add({ tokenKey: 'a', untilWallMs })
    await revokedTokens.add(long)
    await revokedTokens.add({ tokenKey: 'a', untilWallMs: 0 })
    const list = () => revokedTokens.list()
    assert.deepEqual(await list(), [{ tokenKey: 'a', untilWallMs }, long])
    await scene.under.advance(1000)
    assert.deepEqual(await list(), [long])
  },

  'signing keys are listed newest first, and can be removed': async (scene) => {
    const { signingKeys } = scene.store
    const key = (keyId: string, createdAtWallMs: number) => ({
      keyId,
      privateKeyPem: `pem of ${keyId}`,
      createdAtWallMs,
    })
    for (const [id, at] of [
      ['a', 1],
      ['c', 3],
      ['b', 2],
    ] as const)
      await signingKeys.add(key(id, at))
    assert.deepEqual(await signingKeys.list(), [key('c', 3), key('b', 2), key('a', 1)])
    await signingKeys.remove(['c'])
    await signingKeys.remove(['c'])
    assert.deepEqual(await signingKeys.list(), [key('b', 2), key('a', 1)])
  },
}
