import assert from 'node:assert/strict'
import { type Cases, ENDPOINT, type Scene } from './scene.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** Past everything that is remembered. */
const FAR_MS = 100 * DAY_MS
const OWNER = { organizationId: 'acme', userId: 'backend' }
const ALL = ['answer', 'family', 'history', 'last seen', 'revoked token', 'revoked user']

/** One of everything that is forgotten in time: after ten minutes, the history and who was last seen after days. */
async function fill(scene: Scene): Promise<void> {
  const { store, under } = scene
  const wallMs = under.wallMs()
  const untilWallMs = wallMs + 10 * MINUTE_MS
  const family = {
    ...{ familyId: 'f', clientId: 'customer', userId: 'alice', currentHash: Buffer.alloc(32, 1) },
    ...{ scope: 'all', createdAtWallMs: wallMs, expiresAtWallMs: untilWallMs, basis: '' },
    ...{ organizationId: 'acme', lastRotation: undefined },
  }
  await store.refreshFamilies.create(family, 5)
  await store.revokedTokens.add({ tokenKey: 't', untilWallMs })
  await store.revokedUsers.add({ ...OWNER, notBeforeWallMs: wallMs, untilWallMs })
  await scene.register()
  const draft = { ...ENDPOINT, eventId: 'e', type: 'CallOfferedEvent', qos: 1, senderId: '' } as const
  await scene.send('x', scene.claimOf(OWNER, 'k', 10 * MINUTE_MS), {
    record: { ...draft, acceptedAtWallMs: wallMs, event: Buffer.from('{}') },
  })
  await scene.unregister()
}

/** What of it is known still, by name. */
async function known(scene: Scene): Promise<readonly string[]> {
  const { store } = scene
  const found = {
    answer: await scene.reply(OWNER, 'k'),
    family: await store.refreshFamilies.find('f'),
    history: await store.history.find('e', {}),
    'last seen': await store.lastSeen.find(ENDPOINT),
    'revoked token': (await store.revokedTokens.list())[0],
    'revoked user': (await store.revokedUsers.list())[0],
  }
  return Object.entries(found).flatMap(([name, value]) => (value === undefined ? [] : [name]))
}

export const wallJumpCases: Cases = {
  'what is remembered outlives a jump ahead, for as long as it lasts and afterwards': async (scene) => {
    await fill(scene)
    scene.under.jumpWall(FAR_MS)
    await scene.under.advance(70_000)
    assert.deepEqual(await known(scene), ALL)
    // Whatever is added sweeps as well.
    await scene.store.revokedTokens.add({ tokenKey: 'other', untilWallMs: 0 })
    scene.under.jumpWall(-FAR_MS)
    await scene.under.advance(5000)
    assert.deepEqual(await known(scene), ALL)
    await scene.under.advance(9 * MINUTE_MS)
    assert.deepEqual(await known(scene), ['history', 'last seen'], 'and its time goes on')
  },

  'what is remembered is forgotten once its time has passed while the clock was ahead': async (scene) => {
    await fill(scene)
    scene.under.jumpWall(FAR_MS)
    await scene.under.advance(9 * MINUTE_MS)
    assert.deepEqual(await known(scene), ALL)
    await scene.under.advance(2 * MINUTE_MS)
    assert.deepEqual(await known(scene), ['history', 'last seen'])
  },

  'a jump ahead that has lasted for a day is believed': async (scene) => {
    await fill(scene)
    scene.under.jumpWall(FAR_MS)
    await scene.under.advance(1000)
    await scene.under.stall(DAY_MS - 10_000)
    assert.deepEqual(await known(scene), ['history', 'last seen'])
    await scene.under.advance(20_000)
    assert.deepEqual(await known(scene), [])
  },

  'what is remembered outlives a jump back': async (scene) => {
    await fill(scene)
    scene.under.jumpWall(-FAR_MS)
    await scene.under.advance(70_000)
    assert.deepEqual(await known(scene), ALL)
    scene.under.jumpWall(FAR_MS)
    await scene.under.advance(5000)
    assert.deepEqual(await known(scene), ALL)
  },
}

export const wallJumpRestartCases: Cases = {
  'what is remembered outlives a start while the clock is ahead': async (scene) => {
    await fill(scene)
    await scene.under.advance(2000)
    scene.under.jumpWall(FAR_MS)
    for (const again of ['reopen', 'crash'] as const) {
      await scene.under.advance(10_000)
      await scene.under[again](1000)
      await scene.under.advance(10_000)
      assert.deepEqual(await known(scene), ALL, again)
    }
    scene.under.jumpWall(-FAR_MS)
    await scene.under.advance(5000)
    assert.deepEqual(await known(scene), ALL)
  },

  'an hour after a start the clock is believed: it may have been down for long': async (scene) => {
    await fill(scene)
    await scene.under.reopen(FAR_MS)
    assert.deepEqual(await known(scene), ALL)
    await scene.under.stall(60 * MINUTE_MS)
    await scene.under.advance(5000)
    assert.deepEqual(await known(scene), [])
  },
}
