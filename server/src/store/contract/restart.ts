import assert from 'node:assert/strict'
import { RollcallError } from '@rollcall/protocol/error-code'
import { linkOf } from './entries.ts'
import { registerMany } from './mailboxes.ts'
import { type Cases, ENDPOINT, lasting, type Scene } from './scene.ts'

/** Everything that a store keeps, one of each. */
async function fill(scene: Scene) {
  const registration = await scene.register({ keepAliveSeconds: 60, authorizedUntilWallMs: 5 })
  const tab = await scene.register({ userEndpointId: 'tab', keepAliveSeconds: 60 })
  await scene.send('one', scene.claimOf(ENDPOINT, 'k', 1e9))
  await scene.append('two')
  const family = {
    familyId: 'f',
    clientId: 'c',
    userId: 'u',
    organizationId: 'é',
    currentHash: Buffer.from([1]),
    scope: '',
    createdAtWallMs: 1,
    expiresAtWallMs: 1e15,
    basis: 'é',
    lastRotation: undefined,
  }
  await scene.store.refreshFamilies.create(family, 5)
  const revoked = { tokenKey: 't', untilWallMs: 1e15 }
  await scene.store.revokedTokens.add(revoked)
  const revokedUser = { organizationId: 'acme', userId: 'é', notBeforeWallMs: 1, untilWallMs: 1e15 }
  await scene.store.revokedUsers.add(revokedUser)
  const gone = { ...ENDPOINT, userId: 'gone ü' }
  await scene.register(gone)
  const seenAtWallMs = scene.under.wallMs()
  await scene.unregister(gone)
  const key = { keyId: 'k', privateKeyPem: 'pem', createdAtWallMs: 1 }
  await scene.store.signingKeys.add(key)
  return { registration, tab, family, revoked, revokedUser, gone, seenAtWallMs, key }
}

async function assertFilled(scene: Scene, kept: Awaited<ReturnType<typeof fill>>): Promise<void> {
  const found = await scene.find()
  assert(found !== undefined)
  assert.deepEqual(lasting(found), lasting(kept.registration))
  assert.deepEqual(await scene.payloads(found), ['one', 'two'])
  assert.equal((await scene.list()).length, 2)
  assert.deepEqual(await scene.reply(ENDPOINT, 'k'), { eventId: 'id of one', count: 1 })
  assert.deepEqual(await scene.store.refreshFamilies.find('f'), kept.family)
  assert.deepEqual(await scene.store.revokedTokens.list(), [kept.revoked])
  assert.deepEqual(await scene.store.revokedUsers.list(), [kept.revokedUser])
  assert.equal(await scene.store.lastSeen.find(kept.gone), kept.seenAtWallMs)
  assert.deepEqual(await scene.store.signingKeys.list(), [kept.key])
  assert.deepEqual(await scene.store.totals(), { registrations: 2, mailboxEvents: 2, mailboxBytes: 6 })
}

export const restartCases: Cases = {
  'a large event to many endpoints comes to those whose entry had not ended, restart after restart': async (
    scene,
  ) => {
    const [phone, tab, tv, watch] = await registerMany(scene)
    const large = 'large '.repeat(2_000)
    const { accepted } = await scene.appendToAll(large)
    await scene.discard(phone, accepted[0]?.sequence ?? 0)
    await scene.under.advance(1_000)
    for (const again of ['crash', 'reopen', 'crash'] as const) {
      await scene.under[again](10)
      for (const registration of [tab, tv, watch])
        assert.deepEqual(await scene.payloads(registration), [large])
      assert.deepEqual(await scene.payloads(phone), [])
    }
    await scene.unregister(tab)
    await scene.discard(watch, accepted[3]?.sequence ?? 0)
    await scene.under.reopen(10)
    assert.deepEqual(await scene.payloads(tv), [large])
    assert.deepEqual(await scene.payloads(watch), [])
    await scene.discard(tv, accepted[2]?.sequence ?? 0)
    await scene.under.reopen(10)
    const nothing = { registrations: 3, mailboxEvents: 0, mailboxBytes: 0 }
    assert.deepEqual(await scene.store.totals('acme'), nothing)
    await scene.appendToAll('next')
    assert.deepEqual(await scene.payloads(tv), ['next'])
  },

  'whoever made room stays gone, and the one that took it stays': async (scene) => {
    for (const userEndpointId of ['old', 'older'])
      await scene.register({ userEndpointId, keepAliveSeconds: 60 })
    const wanted = { userEndpointId: 'new', keepAliveSeconds: 60, mayEvict: true }
    await scene.tryToRegister(wanted, 2)
    await scene.under.crash(0)
    assert.deepEqual(await scene.ids(), ['older', 'new'])
  },

  'everything is there after a restart': async (scene) => {
    const kept = await fill(scene)
    await scene.under.reopen(1000)
    await assertFilled(scene, kept)
    await scene.under.reopen(0)
    await assertFilled(scene, kept)
  },

  'everything is there after a crash': async (scene) => {
    const kept = await fill(scene)
    await scene.under.crash(1000)
    await assertFilled(scene, kept)
    await scene.under.crash(0)
    await assertFilled(scene, kept)
  },

  'a secret that was used up may be shown again after a crash, for as long as without one': async (scene) => {
    const { family } = await fill(scene)
    const rotate = (hash: number) =>
      scene.store.refreshFamilies.rotate(family.familyId, family.currentHash, {
        currentHash: Buffer.from([hash]),
        salt: Buffer.from([hash]),
        repeatableMs: 60_000,
        organizationId: 'é',
        expiresAtWallMs: 1e15,
        basis: '',
      })
    assert.equal((await rotate(2)).kind, 'rotated')
    await scene.under.crash(3_600_000)
    const again = await rotate(3)
    assert.deepEqual([again.kind, again.kind === 'repeated' && again.salt], ['repeated', Buffer.from([2])])
    await scene.under.advance(61_000)
    assert.equal((await rotate(4)).kind, 'reused')
  },

  'after a restart, a clean one too, everybody who lived has not less than a minute': async (scene) => {
    await scene.register()
    await scene.register({ userEndpointId: 'dead', keepAliveSeconds: 3 })
    await scene.under.advance(4000)
    await scene.under.reopen(3_600_000)
    scene.under.jumpWall(-86_400_000)
    assert.equal(await scene.find({ ...ENDPOINT, userEndpointId: 'dead' }), undefined)
    await scene.under.advance(59_999)
    assert.notEqual(await scene.find(), undefined)
    scene.under.jumpWall(2 * 86_400_000)
    assert.notEqual(await scene.find(), undefined)
    assert.equal((await scene.sweep()).expired.length, 1, 'the dead one alone')
    await scene.under.advance(1)
    assert.equal(await scene.find(), undefined)
    assert.equal((await scene.sweep()).expired.length, 1)
  },

  'after a restart a longer period is a full one, with a reminder of its own': async (scene) => {
    await scene.register({ keepAliveSeconds: 90, serverKeepAliveReminderOn: true })
    await scene.under.advance(60_000)
    assert.deepEqual(await scene.swept(), { reminded: ['phone'], expired: [] })
    await scene.under.advance(29_000)
    await scene.under.reopen(1000)
    await scene.under.advance(59_999)
    assert.deepEqual(await scene.swept(), { reminded: [], expired: [] })
    await scene.under.advance(1)
    assert.equal((await scene.find())?.reminded, false)
    assert.deepEqual(await scene.swept(), { reminded: ['phone'], expired: [] })
    await scene.under.advance(29_999)
    assert.notEqual(await scene.find(), undefined)
    await scene.under.advance(1)
    assert.equal(await scene.find(), undefined)
  },

  'a restart brings nobody back who had expired, however short ago the start before it was': async (
    scene,
  ) => {
    await scene.under.reopen(0)
    await scene.register({ keepAliveSeconds: 2 })
    await scene.under.advance(3000)
    assert.equal(await scene.find(), undefined)
    await scene.under.reopen(0)
    assert.equal(await scene.find(), undefined)
    assert.equal((await scene.sweep()).expired.length, 1)
  },

  'a keepalive that was answered is never cut short by a crash': async (scene) => {
    await scene.register()
    await scene.under.advance(9000)
    await scene.keepalive()
    await scene.under.crash(5000)
    await scene.under.advance(59_000)
    assert.notEqual(await scene.find(), undefined)
    await scene.under.advance(2000)
    assert.equal(await scene.find(), undefined, 'but it does not live for ever')
  },

  'nothing is cut short by one crash after another': async (scene) => {
    const registration = await scene.register()
    for (let crash = 0; crash < 100; crash++) {
      await scene.under.advance(500)
      await scene.under.crash(100)
    }
    await scene.under.advance(59_000)
    assert.equal((await scene.find())?.registrationId, registration.registrationId)
    await scene.under.reopen(0)
    assert.equal((await scene.find())?.registrationId, registration.registrationId)
    await scene.under.advance(60_000)
    assert.equal(await scene.find(), undefined)
  },

  'what was removed stays removed, and its ids are not used again': async (scene) => {
    const registration = await scene.register({ keepAliveSeconds: 60 })
    const { accepted } = await scene.append('acknowledged')
    const sequence = accepted[0]?.sequence ?? 0
    await scene.discard(registration, sequence)
    const gone = await scene.register({ userEndpointId: 'gone' })
    await scene.append('discarded', { userEndpointId: 'gone' })
    await scene.unregister(gone)
    await scene.under.advance(1000)
    await scene.under.crash(0)
    assert.deepEqual(await scene.payloads(registration), [])
    assert.deepEqual(await scene.payloads(gone), [])
    assert.deepEqual(await scene.store.totals(), { registrations: 1, mailboxEvents: 0, mailboxBytes: 0 })
    assert((await scene.register({ userEndpointId: 'new' })).registrationId > gone.registrationId)
    assert(((await scene.append('next')).accepted[0]?.sequence ?? 0) > sequence)
  },

  'time goes on from where it stopped, and never back': async (scene) => {
    await scene.register({ keepAliveSeconds: 60 })
    await scene.under.advance(1234)
    const beforeMs = scene.at.nowMs
    await scene.under.reopen(99_999)
    assert.equal(scene.at.nowMs, beforeMs)
    await scene.under.advance(2000)
    const wallAheadMs = scene.store.serviceTime.toWallMs(scene.at.nowMs + 500) - scene.under.wallMs()
    assert(Math.abs(wallAheadMs - 500) < 1)
    await scene.under.crash(1)
    assert(scene.at.nowMs >= beforeMs + 1000 && scene.at.nowMs <= beforeMs + 2000)
  },
}

const BOUNDS = { eventsMax: 10, bytesMax: 1000 }

export const closingCases: Cases = {
  'a closed store refuses everything, and closing twice is closing once': async (scene) => {
    const { store } = scene
    const registration = await scene.register()
    const claim = scene.claimOf(ENDPOINT, 'k')
    const hook = { organizationId: 'acme', webhookId: 'hook' }
    const lease = { webhook: hook, epoch: 1 }
    await Promise.all([store.close(), store.close()])
    await store.close()
    const isRefusal = (error: unknown) => error instanceof RollcallError && error.code === 'unavailable'
    const refused = [
      () => scene.register(),
      () => scene.keepalive(),
      () => scene.unregister(),
      () => scene.find(),
      () => scene.list(),
      () => scene.sweep(),
      () => store.links.attach(registration, linkOf(1)),
      () => store.mailboxes.claim({ registration, sequence: 1, eventId: 'e' }, linkOf(1)),
      () => store.mailboxes.end([{ registration, sequence: 1, eventId: 'e' }], 'acknowledged', BOUNDS),
      () => scene.append('x'),
      () => scene.read(registration),
      () => store.replies.claim(claim, ENDPOINT),
      () => store.replies.resolve(ENDPOINT, 't'),
      () => store.replies.answer(claim, { eventId: 'e', count: 0 }),
      () => store.replies.release(claim),
      () => store.refreshFamilies.revoke('f'),
      () => store.refreshFamilies.find('f'),
      () => store.revokedTokens.list(),
      () => store.refreshFamilies.revokeOf('u'),
      () => store.revokedUsers.list(),
      () => store.lastSeen.find(ENDPOINT),
      () => store.signingKeys.list(),
      () => store.feed.watch([]),
      () => store.feed.read('acme', 0, 1),
      () => store.links.detach(registration, linkOf(1), 'server_draining'),
      () => store.webhooks.position(hook),
      () => store.webhooks.lease(hook, 1000),
      () => store.webhooks.begin(lease, 1),
      () => store.webhooks.advance(lease, 1),
      () => store.webhooks.bury(lease, [], 1),
      () => store.webhooks.forget(hook),
      () => store.deadLetters.list(hook, 0, 1),
      () => store.deadLetters.remove(hook, [1]),
      () => store.totals(),
      () => store.feed.totals(),
      () => store.history.bytes(),
      () => store.history.find('e', {}),
      () => store.history.list({}, undefined, 1),
    ]
    for (const operation of refused) await assert.rejects(operation(), isRefusal)
  },
}
