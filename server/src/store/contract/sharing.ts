import assert from 'node:assert/strict'
import { type BookBounds, REVOCATIONS_SLACK } from '../bounds.ts'
import type { Registration, UserKey } from '../store.ts'
import { linkOf } from './entries.ts'
import type { Cases, Scene } from './scene.ts'

/** What the suite's stores keep: little, so that it can be filled. */
export const SMALL_BOOKS: BookBounds = {
  organizationSharePercent: 50,
  callerSharePercent: 25,
  idempotencyKeysMax: 20,
  revocationsMax: 10,
  refreshFamiliesMax: 20,
  lastSeenUsersMax: 20,
  auditLinesMax: 10,
  auditDays: 1,
}

const FEW: UserKey = { organizationId: 'acme', userId: 'backend' }
const MANY: UserKey = { organizationId: 'globex', userId: 'backend' }
const BESIDE: UserKey = { organizationId: 'globex', userId: '__proto__' }

function send(scene: Scene, owner: UserKey, key: string, rememberMs = 1e6): Promise<void> {
  return scene.send(key, scene.claimOf(owner, key, rememberMs))
}

async function isKnown(scene: Scene, owner: UserKey, key: string): Promise<boolean> {
  return (await scene.reply(owner, key)) !== undefined
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
    await send(scene, MANY, 'many-0', 10)
    await flood(scene, 1, 19)
    await scene.under.advance(10)
    await send(scene, MANY, 'many-0')
    await send(scene, FEW, 'a')
    assert.equal(await isKnown(scene, MANY, 'many-0'), true)
    assert.equal(await isKnown(scene, MANY, 'many-1'), false)
    assert.equal(await isKnown(scene, MANY, 'many-2'), true)
  },
}

/** A user's sign-in, later than the one before it. */
function signIn(
  scene: Scene,
  { organizationId, userId }: UserKey,
  familyId: string,
  index: number,
): Promise<void> {
  const createdAtWallMs = scene.under.wallMs()
  const family = {
    ...{
      familyId,
      clientId: 'customer',
      organizationId,
      userId: `${userId}-${index}`,
      currentHash: Buffer.alloc(32, 1),
    },
    ...{
      scope: 'all',
      createdAtWallMs,
      expiresAtWallMs: createdAtWallMs + 1e9 + index,
      basis: '',
      lastRotation: undefined,
    },
  }
  return scene.store.refreshFamilies.create(family, 5)
}

async function isSignedIn(scene: Scene, familyId: string): Promise<boolean> {
  return (await scene.store.refreshFamilies.find(familyId)) !== undefined
}

/** Somebody was there, and is gone. */
async function come(scene: Scene, { organizationId }: UserKey, userId: string): Promise<UserKey> {
  const user = { organizationId, userId }
  await scene.register({ ...user, keepAliveSeconds: 600 })
  await scene.unregister({ ...user, userEndpointId: 'phone' })
  return user
}

async function wasSeen(scene: Scene, user: UserKey): Promise<boolean> {
  return (await scene.store.lastSeen.find(user)) !== undefined
}

/** Far past what the suite's stores keep, also where that is twice as much. */
const CROWD = 150

/** At once, so that they are durable together. */
async function signInMany(scene: Scene, from: number, to = CROWD): Promise<void> {
  const indexes = Array.from({ length: to - from }, (_, index) => from + index)
  await Promise.all(indexes.map((index) => signIn(scene, MANY, `many-${index}`, index)))
}

async function comeMany(scene: Scene): Promise<void> {
  await Promise.all(Array.from({ length: CROWD }, (_, index) => come(scene, MANY, `user-${index}`)))
}

/** Sign-ins, and when users were last seen: of the organization that has the most. */
export const signInSharingCases: Cases = {
  'a crowd that signs in drops its own oldest sign-ins, and nobody else’s': async (scene) => {
    for (const index of [0, 1]) await signIn(scene, FEW, `few-${index}`, index)
    await signInMany(scene, 0)
    for (const index of [0, 1]) assert(await isSignedIn(scene, `few-${index}`), 'of another organization')
    assert.equal(await isSignedIn(scene, 'many-0'), false)
    assert(await isSignedIn(scene, `many-${CROWD - 1}`))
    const { signIns } = scene.store.gauges.evicted()
    assert(signIns > CROWD / 2 && signIns < CROWD, `${signIns}`)
  },

  'a sign-in of which it was not known whose it is counts as its organization’s once it is rotated': async (
    scene,
  ) => {
    await signIn(scene, { ...MANY, organizationId: '' }, 'old', 0)
    const next = {
      ...{ currentHash: Buffer.alloc(32, 2), salt: Buffer.alloc(32, 3), repeatableMs: 0, basis: '' },
      ...{ expiresAtWallMs: scene.under.wallMs() + 1e9, organizationId: FEW.organizationId },
    }
    const outcome = await scene.store.refreshFamilies.rotate('old', Buffer.alloc(32, 1), next)
    assert.equal(outcome.kind, 'rotated')
    assert.equal((await scene.store.refreshFamilies.find('old'))?.organizationId, FEW.organizationId)
    await signInMany(scene, 0)
    assert(await isSignedIn(scene, 'old'))
  },

  'a crowd that comes and goes has nobody else’s last time forgotten': async (scene) => {
    const few = await Promise.all(['a', 'b'].map((userId) => come(scene, FEW, userId)))
    const first = await come(scene, MANY, 'first')
    await comeMany(scene)
    await scene.under.advance(10)
    const last = await come(scene, MANY, 'last')
    await scene.under.advance(3_000)
    for (const user of few) assert(await wasSeen(scene, user), user.userId)
    assert.equal(await wasSeen(scene, first), false)
    assert(await wasSeen(scene, last))
    const { lastSeen } = scene.store.gauges.evicted()
    assert(lastSeen > CROWD / 2 && lastSeen < CROWD, `${lastSeen}`)
  },
}

async function flap(scene: Scene, registration: Registration, changes: number): Promise<void> {
  for (let count = 0; count < changes; count++)
    await (count % 2 === 1 ? connect(scene, registration) : disconnect(scene, registration))
}

async function connect(scene: Scene, registration: Registration): Promise<void> {
  assert(await scene.store.links.attach(registration, linkOf(1)))
}

function disconnect(scene: Scene, registration: Registration): Promise<void> {
  return scene.store.links.detach(registration, linkOf(1), 'unsubscribed')
}

/** What the feed says last of the scene's endpoint, and how much it says. */
async function told(scene: Scene): Promise<readonly [last: string | undefined, entries: number]> {
  const entries = await scene.store.feed.read('acme', 0, 1000)
  return [entries.at(-1)?.type, entries.length]
}

const CONNECTED = 'UserEndpointConnectedEvent'
const DISCONNECTED = 'UserEndpointDisconnectedEvent'

/** The feed of an endpoint that connects and disconnects too often. */
export const flappingCases: Cases = {
  'a device that flaps fills no feed, and its last state is told': async (scene) => {
    const types = new Set([CONNECTED, DISCONNECTED] as const)
    await scene.store.feed.watch([{ organizationId: 'acme', types, webhookIds: ['h'] }])
    const registration = await scene.register({ keepAliveSeconds: 600 })
    await connect(scene, registration)
    await flap(scene, registration, 1000)
    const [lastUp, entries] = await told(scene)
    assert.equal(lastUp, CONNECTED)
    assert(entries <= 22, `${entries} entries`)
    // What was read may have been sent: it is not taken back any more.
    await disconnect(scene, registration)
    assert.deepEqual(await told(scene), [DISCONNECTED, entries + 1])
    await connect(scene, registration)
    await disconnect(scene, registration)
    assert.deepEqual(await told(scene), [DISCONNECTED, entries + 1], 'taken back before it was read')
    assert.equal(scene.store.gauges.evicted().feedEvents, 0)
  },

  'a device that changes now and then is told of every time': async (scene) => {
    const types = new Set([CONNECTED, DISCONNECTED] as const)
    await scene.store.feed.watch([{ organizationId: 'acme', types, webhookIds: ['h'] }])
    const registration = await scene.register({ keepAliveSeconds: 600 })
    for (let count = 0; count < 60; count++) {
      await (count % 2 === 0 ? connect(scene, registration) : disconnect(scene, registration))
      await scene.under.advance(3_000)
    }
    assert.deepEqual(await told(scene), [DISCONNECTED, 60])
  },

  'one that flaps takes nothing back of another, and other things of it are kept': async (scene) => {
    const types = new Set([CONNECTED, DISCONNECTED, 'UserEndpointUnregisteredEvent'] as const)
    await scene.store.feed.watch([{ organizationId: 'acme', types, webhookIds: ['h'] }])
    const [registration, other] = [await scene.register(), await scene.register({ userEndpointId: 'other' })]
    await flap(scene, registration, 400)
    await connect(scene, other)
    await flap(scene, registration, 400)
    await scene.unregister()
    const entries = await scene.store.feed.read('acme', 0, 1000)
    const of = (userEndpointId: string) => entries.filter((entry) => entry.userEndpointId === userEndpointId)
    assert.deepEqual(
      of('other').map(({ type }) => type),
      [CONNECTED],
    )
    assert.equal(of('phone').at(-1)?.type, 'UserEndpointUnregisteredEvent')
    assert.deepEqual(
      entries,
      entries.toSorted((a, b) => a.sequence - b.sequence),
    )
  },
}

/** Contract of revocations: whose they are is kept, and they can be forgotten. */
export const revocationCases: Cases = {
  'a revoked token is listed with its owner, and can be forgotten': async (scene) => {
    const { revokedTokens } = scene.store
    const untilWallMs = scene.under.wallMs() + 1e9
    const owned = { tokenKey: 'owned', owner: { organizationId: 'acme', userId: '__proto__' }, untilWallMs }
    const unowned = { tokenKey: 'unowned', untilWallMs }
    await revokedTokens.add(owned)
    await revokedTokens.add(unowned)
    await revokedTokens.add({ ...owned, untilWallMs: untilWallMs - 1 })
    assert.deepEqual(await revokedTokens.list(), [owned, unowned])
    await revokedTokens.remove(['owned', 'unknown'])
    assert.deepEqual(await revokedTokens.list(), [unowned])
  },

  'revocations are refused rather than forgotten': async (scene) => {
    const { revokedTokens, revokedUsers } = scene.store
    const untilWallMs = scene.under.wallMs() + 1e9
    const max = REVOCATIONS_SLACK * SMALL_BOOKS.revocationsMax
    for (let count = 0; count < max; count++) {
      await revokedTokens.add({ tokenKey: `t${count}`, untilWallMs })
      await revokedUsers.add({ ...FEW, userId: `u${count}`, notBeforeWallMs: 1, untilWallMs })
    }
    await assert.rejects(revokedTokens.add({ tokenKey: 'more', untilWallMs }), { code: 'unavailable' })
    await assert.rejects(revokedUsers.add({ ...FEW, notBeforeWallMs: 1, untilWallMs }), {
      code: 'unavailable',
    })
    await revokedTokens.add({ tokenKey: 't0', untilWallMs })
    assert.equal((await revokedTokens.list()).length, max)
  },
}

export const sharingRestartCases: Cases = {
  'whose a sign-in is, and who was seen last, is known after a crash': async (scene) => {
    for (const index of [0, 1]) await signIn(scene, FEW, `few-${index}`, index)
    const seen = await come(scene, FEW, 'seen')
    await signInMany(scene, 0, 10)
    await scene.under.crash(0)
    await signInMany(scene, 10)
    await comeMany(scene)
    await scene.under.advance(3_000)
    for (const index of [0, 1]) assert(await isSignedIn(scene, `few-${index}`))
    assert.equal(await isSignedIn(scene, 'many-0'), false)
    assert(await wasSeen(scene, seen))
  },

  'whose a key or a revocation is, and how many it has, is known after a crash': async (scene) => {
    await send(scene, FEW, 'a')
    await flood(scene, 0, 30)
    const untilWallMs = scene.under.wallMs() + 1e9
    const revoked = [
      { tokenKey: 'owned', untilWallMs, owner: MANY },
      { tokenKey: 'unowned', untilWallMs },
    ]
    for (const token of revoked) await scene.store.revokedTokens.add(token)
    await scene.under.crash(0)
    const listed = await scene.store.revokedTokens.list()
    assert.deepEqual(new Set(listed), new Set(revoked))
    await flood(scene, 30, 30)
    assert(await isKnown(scene, FEW, 'a'))
    assert.equal(await isKnown(scene, MANY, 'many-40'), false)
    assert.equal(await isKnown(scene, MANY, 'many-59'), true)
  },
}
