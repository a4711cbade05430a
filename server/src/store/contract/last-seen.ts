import assert from 'node:assert/strict'
import type { UserKey } from '../store.ts'
import { type Cases, ENDPOINT, type Scene } from './scene.ts'

const DAY_MS = 86_400_000

function lastSeen(scene: Scene, user: UserKey = ENDPOINT): Promise<number | undefined> {
  return scene.store.lastSeen.find(user)
}

export const lastSeenCases: Cases = {
  'a user was last seen at the last keepalive, also when the registration has ended, however it ended':
    async (scene) => {
      await scene.register()
      await scene.under.advance(1000)
      await scene.keepalive()
      const keptAtWallMs = scene.under.wallMs()
      assert.equal(await lastSeen(scene), keptAtWallMs)
      await scene.under.advance(1000)
      await scene.unregister()
      assert.equal(await lastSeen(scene), keptAtWallMs)
      await scene.under.advance(1000)
      await scene.register()
      const registeredAtWallMs = scene.under.wallMs()
      await scene.under.advance(10_000)
      assert.equal(await lastSeen(scene), registeredAtWallMs, 'expired and not swept yet')
      await scene.sweep()
      assert.equal(await lastSeen(scene), registeredAtWallMs)
    },

  'an end that comes to light late does not make it earlier': async (scene) => {
    await scene.register({ keepAliveSeconds: 1 })
    await scene.under.advance(5000)
    await scene.register()
    const newerAtWallMs = scene.under.wallMs()
    await scene.unregister()
    await scene.sweep()
    assert.equal(await lastSeen(scene), newerAtWallMs)
  },

  'users and organizations are apart, and after 90 days it is forgotten': async (scene) => {
    const strange = { organizationId: '__proto__', userId: 'constructor' }
    await scene.register({ ...strange, keepAliveSeconds: 60 })
    const seenAtWallMs = scene.under.wallMs()
    await scene.unregister({ ...strange, userEndpointId: ENDPOINT.userEndpointId })
    assert.equal(await lastSeen(scene), undefined)
    assert.equal(await lastSeen(scene, { ...strange, organizationId: 'acme' }), undefined)
    assert.equal(await lastSeen(scene, strange), seenAtWallMs)
    // A jump is believed once it has lasted for a day.
    scene.under.jumpWall(88 * DAY_MS)
    await scene.under.advance(1_000)
    await scene.under.stall(DAY_MS)
    await scene.under.advance(20_000)
    await scene.under.stall(DAY_MS - 22_000)
    await scene.under.advance(999)
    assert.equal(scene.under.wallMs(), seenAtWallMs + 90 * DAY_MS - 1)
    assert.equal(await lastSeen(scene, strange), seenAtWallMs)
    await scene.under.advance(1)
    assert.equal(await lastSeen(scene, strange), undefined)
  },
}
