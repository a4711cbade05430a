import assert from 'node:assert/strict'
import type { BookBounds } from '../bounds.ts'
import type { UserKey } from '../store.ts'
import type { Cases } from './cases.ts'
import type { Scene } from './scene.ts'

/** What the suite's stores keep: little, so that it can be filled. */
export const SMALL_BOOKS: BookBounds = {
  organizationSharePercent: 50,
  callerSharePercent: 25,
  idempotencyKeysMax: 20,
}

const FEW: UserKey = { organizationId: 'acme', userId: 'backend' }
const MANY: UserKey = { organizationId: 'globex', userId: 'backend' }
const BESIDE: UserKey = { organizationId: 'globex', userId: '__proto__' }

async function send(scene: Scene, owner: UserKey, key: string): Promise<void> {
  await scene.append(key, { idempotency: { owner, key, expiresAtWallMs: scene.under.wallMs() + 1e6 } })
}

async function isKnown(scene: Scene, owner: UserKey, key: string): Promise<boolean> {
  return (await scene.store.answers.find(owner, key, scene.under.wallMs())) !== undefined
}

async function flood(scene: Scene, from: number, count: number): Promise<void> {
  for (let index = from; index < from + count; index++) await send(scene, MANY, `many-${index}`)
}

export const sharingCases: Cases = {
  'past the bound the oldest key of whoever has the most is forgotten': async (scene) => {
    for (const key of ['a', 'b']) await send(scene, FEW, key)
    await send(scene, BESIDE, 'a')
    await flood(scene, 0, 30)
    for (const key of ['a', 'b']) assert(await isKnown(scene, FEW, key), `${key} of another organization`)
    assert(await isKnown(scene, BESIDE, 'a'), 'a key of another caller of the organization')
    const kept = await Promise.all(
      Array.from({ length: 30 }, (_, index) => isKnown(scene, MANY, `many-${index}`)),
    )
    assert.deepEqual(kept, [...Array(13).fill(false), ...Array(17).fill(true)])
  },

  'a key that is used again is the newest, and counts once': async (scene) => {
    await flood(scene, 0, 20)
    await send(scene, MANY, 'many-0')
    await send(scene, FEW, 'a')
    assert.equal(await isKnown(scene, MANY, 'many-0'), true)
    assert.equal(await isKnown(scene, MANY, 'many-1'), false)
    assert.equal(await isKnown(scene, MANY, 'many-2'), true)
  },
}

export const sharingRestartCases: Cases = {
  'whose a key is, and how many it has, is known after a crash': async (scene) => {
    await send(scene, FEW, 'a')
    await flood(scene, 0, 30)
    await scene.under.crash(0)
    await flood(scene, 30, 30)
    assert(await isKnown(scene, FEW, 'a'))
    assert.equal(await isKnown(scene, MANY, 'many-40'), false)
    assert.equal(await isKnown(scene, MANY, 'many-59'), true)
  },
}
