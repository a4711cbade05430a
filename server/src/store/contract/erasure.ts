import assert from 'node:assert/strict'
import { LIFECYCLE_EVENTS, type LifecycleEventType } from '@rollcall/protocol/lifecycle'
import { senderScope } from '../sender-scope.ts'
import type { CallDraft, Sender, UserKey } from '../store.ts'
import { linkOf, liveOf } from './entries.ts'
import { ACME, add, draft, names, send } from './history-scene.ts'
import { type Cases, ENDPOINT, type Scene } from './scene.ts'

const HOOK = { organizationId: 'acme', webhookId: 'hook' }
const ALL = new Set(Object.keys(LIFECYCLE_EVENTS) as LifecycleEventType[])
const ALICE: UserKey = { organizationId: 'acme', userId: 'alice' }
const BOB: UserKey = { organizationId: 'acme', userId: 'bob' }
const BY_ALICE: Sender = { kind: 'user', id: 'alice' }
const NOTHING = {
  registrations: 0,
  mailboxEvents: 0,
  events: 0,
  calls: 0,
  replies: 0,
  feedEntries: 0,
  deadLetters: 0,
}

/** One of everything about Alice and about Bob, and what only looks like Alice's. */
async function fill(scene: Scene): Promise<void> {
  const { feed } = scene.store
  await feed.watch([{ organizationId: 'acme', types: ALL, webhookIds: ['hook'] }])
  for (const user of [ALICE, BOB]) {
    const registration = await scene.register({ ...user, keepAliveSeconds: 600 })
    await scene.store.links.attach(registration, linkOf(1))
  }
  const entries = await feed.read('acme', 0, 100)
  const registered = entries.filter(({ type }) => type === 'UserEndpointRegisteredEvent')
  const letters = registered.map((entry) => ({ entry, failure: 'timeout' }))
  const lease = await scene.store.webhooks.lease(HOOK, 1_000)
  assert(lease !== undefined && (await scene.store.webhooks.bury(lease, letters, entries[0]?.sequence ?? 0)))
  // Expired, and not swept yet.
  await scene.register({ ...ALICE, userEndpointId: 'tab', keepAliveSeconds: 1 })
  for (const owner of [ALICE, BOB]) await scene.send('with a key', scene.claimOf(owner, 'key'), BOB)
  add(scene, 'sent by alice', { userId: 'bob', senderId: 'alice', sentBy: BY_ALICE })
  add(scene, 'by a client alice', {
    userId: 'bob',
    senderId: 'alice',
    sentBy: { kind: 'client', id: 'alice' },
  })
  add(scene, 'elsewhere', { organizationId: 'globex' })
  await send(scene, 'to alice')
  await send(scene, 'to bob', 1000, 'bob')
  await ring(scene, ALICE, 'ring alice', { kind: 'user', id: 'bob' })
  await ring(scene, BOB, 'ring bob', { kind: 'client', id: 'alice' })
  await ring(scene, BOB, 'alice rings', BY_ALICE)
  await scene.under.advance(2_000)
}

async function ring(scene: Scene, user: UserKey, eventId: string, sentBy: Sender): Promise<void> {
  const event = {
    eventId,
    payload: Buffer.from(eventId),
    sealed: false,
    acceptedAtWallMs: scene.under.wallMs(),
  }
  const senderId = senderScope(sentBy, user.organizationId)
  const call: CallDraft = { senderId, endsAtWallMs: scene.under.wallMs() + 60_000, masks: [] }
  const record = draft(scene, eventId, { ...user, qos: 1, senderId: sentBy.id, sentBy })
  const request = { ...user, event, call, record, eventsMax: 100, bytesMax: 100_000 }
  await scene.store.mailboxes.append(request)
}

/** What is known of somebody. */
async function known({ store }: Scene, user: UserKey): Promise<readonly string[]> {
  const { records } = await store.history.list(
    { organizationId: user.organizationId, involvedUserId: user.userId },
    undefined,
    100,
  )
  const { users } = await store.users.list(user.organizationId, { prefix: user.userId, after: '', max: 9 })
  const waiting = await store.feed.read(user.organizationId, 0, 100)
  const letters = await store.deadLetters.list(HOOK, 0, 100)
  const call = await store.calls.find(user, `ring ${user.userId}`)
  const isOf = ({ userId }: UserKey) => userId === user.userId
  const found: readonly (readonly [string, boolean])[] = [
    ['registered', (await liveOf(store, user)).length > 0],
    ['seen', (await store.lastSeen.find(user)) !== undefined],
    ['listed', users.length > 0],
    ['history', records.length > 0],
    ['call', call !== undefined],
    ['feed', waiting.some(isOf)],
    ['dead letter', letters.some(({ entry }) => isOf(entry))],
  ]
  return found.filter(([, is]) => is).map(([what]) => what)
}

const ALL_KNOWN = ['registered', 'seen', 'listed', 'history', 'call', 'feed', 'dead letter']

async function assertErased(scene: Scene): Promise<void> {
  assert.deepEqual(await known(scene, ALICE), [])
  assert.equal(await scene.store.calls.find(BOB, 'alice rings'), undefined)
  assert.equal(await scene.reply(ALICE, 'key'), undefined)
  assert.equal(await names(scene, ACME), 'ring bob to bob by a client alice')
  assert.equal(await names(scene, { organizationId: 'globex' }), 'elsewhere')
  assert.notEqual(await scene.reply(BOB, 'key'), undefined)
  for (const what of ['registered', 'seen', 'listed', 'history', 'call'])
    assert.ok((await known(scene, BOB)).includes(what), `${what} of another`)
}

export const erasureCases: Cases = {
  'everything of a user goes, whatever it is, and nothing of anybody else': async (scene) => {
    await fill(scene)
    assert.deepEqual(await known(scene, ALICE), ALL_KNOWN)
    const erased = await scene.store.erasure.erase(ALICE)
    assert.deepEqual(erased, {
      registrations: 2,
      mailboxEvents: 4,
      events: 4,
      calls: 2,
      replies: 1,
      feedEntries: 2,
      deadLetters: 1,
    })
    await assertErased(scene)
    assert.deepEqual(await scene.store.erasure.erase(ALICE), NOTHING)
    assert.deepEqual(await scene.store.erasure.erase({ organizationId: '__proto__', userId: 'x' }), NOTHING)
  },

  'who was erased may come back, as somebody new': async (scene) => {
    await fill(scene)
    await scene.store.erasure.erase(ALICE)
    await scene.register({ ...ALICE, keepAliveSeconds: 600 })
    await send(scene, 'anew')
    assert.equal(await names(scene, { ...ACME, userId: 'alice' }), 'anew')
    assert.equal((await scene.store.totals('acme')).mailboxEvents, (await waitingOf(scene)) + 1)
  },
}

async function waitingOf(scene: Scene): Promise<number> {
  const [bobs] = await scene.list(BOB)
  return bobs === undefined ? 0 : scene.depth(bobs)
}

export const erasureRestartCases: Cases = {
  'what was erased does not come back': async (scene) => {
    await fill(scene)
    await scene.store.erasure.erase(ALICE)
    await scene.under.crash(1_000)
    const watch = { organizationId: 'acme', types: ALL, webhookIds: ['hook'] }
    await scene.store.feed.watch([watch])
    await assertErased(scene)
    const [bobs] = await scene.list(BOB)
    assert.equal(bobs?.userEndpointId, ENDPOINT.userEndpointId)
  },
}
