import assert from 'node:assert/strict'
import { LIFECYCLE_EVENTS, type LifecycleEventType } from '@rollcall/protocol/lifecycle'
import type { FeedEntry } from '../store.ts'
import { type Cases, ENDPOINT, type Scene } from './scene.ts'

const HOOK = { organizationId: 'acme', webhookId: 'hook' }
const ALL = new Set(Object.keys(LIFECYCLE_EVENTS) as LifecycleEventType[])

function watch(scene: Scene, webhookIds = ['hook'], organizationId = 'acme', types = ALL): void {
  scene.store.feed.watch([{ organizationId, types, webhookIds }], scene.under.wallMs())
}

function read(scene: Scene, after = 0, max = 1000): Promise<readonly FeedEntry[]> {
  return scene.store.feed.read('acme', after, max)
}

/** Kinds of the entries, short. */
async function told(scene: Scene, after = 0): Promise<readonly string[]> {
  return (await read(scene, after)).map(({ type, reason }) => {
    const kind = type.replace(/^User(Endpoint)?(.*)Event$/, '$2')
    return `${kind} ${reason}`
  })
}

/** An event whose time is over at once; its sequence. */
async function append(scene: Scene, payload: string): Promise<number> {
  const event = {
    eventId: `id of ${payload}`,
    payload: Buffer.from(payload),
    sealed: false,
    acceptedAtWallMs: scene.under.wallMs(),
    expiresAtWallMs: scene.under.wallMs() + 1,
  }
  const { accepted } = await scene.append(payload, { event })
  return accepted[0]?.sequence ?? 0
}

async function expire(scene: Scene): Promise<void> {
  await scene.sweep()
}

export const feedCases: Cases = {
  'tells of a user without an endpoint, where somebody asks for it': async (scene) => {
    const { feed } = scene.store
    const alice = { organizationId: 'acme', userId: 'alice' }
    watch(scene, ['hook'], 'acme', new Set(['UserEndpointExpiredEvent']))
    feed.noteSignInLocked(alice, 5)
    watch(scene)
    feed.noteSignInLocked({ ...alice, organizationId: 'globex' }, 6)
    feed.noteSignInLocked(alice, 7)
    const [entry, ...others] = await read(scene)
    const { sequence, ...rest } = entry ?? assert.fail('nothing was kept')
    assert(sequence > 0)
    const type = 'SignInLockedEvent'
    assert.deepEqual(rest, { ...alice, type, reason: 'too_many_attempts', userEndpointId: '', atWallMs: 7 })
    assert.deepEqual(others, [])
  },

  'tells registrations, links, receipts, expiries and unregistrations, in their order': async (scene) => {
    watch(scene)
    const { feed } = scene.store
    const registration = await scene.register()
    await scene.register()
    feed.noteConnected(registration, 5)
    const [first, second, third] = [
      await append(scene, 'e'),
      await append(scene, 'f'),
      await append(scene, 'g'),
    ]
    const bounds = { eventsMax: 9, bytesMax: 999 }
    for (let twice = 0; twice < 2; twice++)
      scene.store.mailboxes.acknowledge(registration, first, bounds, () => third)
    feed.noteExpired(registration, second, 7)
    scene.store.mailboxes.remove(registration, second)
    feed.noteExpired(registration, second, 8)
    await scene.under.advance(1)
    scene.store.mailboxes.expireDue(10, () => 0)
    assert.equal(scene.store.mailboxes.depth(registration), 0)
    feed.noteDisconnected(registration, 'connection_lost', 8)
    await scene.under.advance(10_000)
    await expire(scene)
    await scene.register()
    await scene.store.registrations.unregister(ENDPOINT, 'kicked')
    assert.deepEqual(await told(scene), [
      'Registered requested',
      'Connected subscribed',
      'EventAcknowledged acknowledged',
      'EventExpired lifetime_ended',
      'EventExpired lifetime_ended',
      'Disconnected connection_lost',
      'Expired keepalive_missed',
      'Registered requested',
      'Unregistered kicked',
    ])
    const entries = await read(scene)
    const sequences = entries.map(({ sequence }) => sequence)
    assert.deepEqual(
      sequences,
      [...new Set(sequences)].sort((a, b) => a - b),
    )
    assert(sequences.every((sequence) => sequence > 0))
    const { registeredAtWallMs, lastKeepAliveAtWallMs, keepAliveSeconds } = registration
    const kept = { ...ENDPOINT, registeredAtWallMs, lastKeepAliveAtWallMs, keepAliveSeconds }
    assert.deepEqual(entries[0], {
      ...kept,
      sequence: sequences[0],
      type: 'UserEndpointRegisteredEvent',
      reason: 'requested',
      atWallMs: registeredAtWallMs,
    })
    assert.deepEqual(
      entries.slice(2, 5).map(({ eventId }) => eventId),
      ['id of e', 'id of f', 'id of g'],
    )
    assert.deepEqual([entries[5]?.connectedAtWallMs, entries[5]?.atWallMs], [5, 8])
    assert.equal(entries[6]?.atWallMs, scene.under.wallMs())
  },

  'tells of whoever made room before it tells of the one that took it': async (scene) => {
    await scene.register()
    watch(scene)
    await append(scene, 'e')
    await scene.tryToRegister({ userEndpointId: 'new', isLinked: () => false }, 1)
    assert.deepEqual(await told(scene), ['Unregistered evicted', 'Registered requested'])
    const entries = await read(scene)
    assert.deepEqual(
      entries.map(({ userEndpointId }) => userEndpointId),
      [ENDPOINT.userEndpointId, 'new'],
    )
  },

  'keeps nothing of organizations and types that nobody watches': async (scene) => {
    await scene.register({ userId: 'early' })
    watch(scene, ['hook'], 'acme', new Set(['UserEndpointExpiredEvent']))
    assert.equal(scene.store.feed.isWatched('acme', 'UserEndpointExpiredEvent'), true)
    assert.equal(scene.store.feed.isWatched('acme', 'UserEndpointRegisteredEvent'), false)
    assert.equal(scene.store.feed.isWatched('__proto__', 'UserEndpointExpiredEvent'), false)
    scene.store.feed.noteConnected(await scene.register(), 1)
    await scene.register({ organizationId: '__proto__' })
    assert.deepEqual(scene.store.feed.totals(), { entries: 0, bytes: 0, deadLetters: 0, dropped: 0 })
    await scene.under.advance(10_000)
    await expire(scene)
    assert.deepEqual(await told(scene), ['Expired keepalive_missed', 'Expired keepalive_missed'])
    assert.deepEqual(await scene.store.feed.read('__proto__', 0, 9), [])
  },

  'tells an expiry before the registration that takes its place, and once': async (scene) => {
    watch(scene)
    await scene.register()
    await scene.under.advance(10_000)
    await scene.register()
    await expire(scene)
    assert.deepEqual(await told(scene), [
      'Registered requested',
      'Expired keepalive_missed',
      'Registered requested',
    ])
  },

  'a refused or dropped operation tells nothing': async (scene) => {
    watch(scene)
    const registration = await scene.register()
    await scene.store.registrations.register({ ...registration, userEndpointId: 'second' }, 1)
    await scene.unregister({ ...ENDPOINT, userId: 'nobody' })
    await scene.under.advance(9000)
    await scene.sweep()
    assert.deepEqual(await told(scene), ['Registered requested'])
  },

  'reads from anywhere, no more than asked, and counts by type': async (scene) => {
    watch(scene)
    for (const userEndpointId of ['a', 'b', 'c']) await scene.register({ userEndpointId })
    const [first, second, third] = await read(scene)
    assert.deepEqual(await read(scene, first?.sequence, 1), [second])
    assert.deepEqual(await read(scene, third?.sequence), [])
    assert.deepEqual(await read(scene, 0, 0), [])
    assert.equal(scene.store.feed.count('acme', first?.sequence ?? 0, ALL), 2)
    assert.equal(scene.store.feed.count('acme', 0, new Set(['UserEndpointExpiredEvent'])), 0)
  },

  'a new webhook begins with what comes; entries stay until every webhook is past them': async (scene) => {
    watch(scene)
    const { feed } = scene.store
    await scene.register({ userEndpointId: 'a' })
    watch(scene, ['hook', 'second'])
    await scene.register({ userEndpointId: 'b' })
    const [a, b] = (await read(scene)).map(({ sequence }) => sequence)
    assert(a !== undefined && b !== undefined)
    assert.equal(feed.position(HOOK)?.doneSequence, 0)
    assert.equal(feed.position({ ...HOOK, webhookId: 'second' })?.doneSequence, a)
    feed.advance(HOOK, b)
    feed.advance(HOOK, a)
    assert.equal(feed.position(HOOK)?.doneSequence, b)
    assert.deepEqual((await read(scene)).length, 1)
    feed.advance({ ...HOOK, webhookId: 'second' }, b)
    assert.deepEqual(await read(scene), [])
    assert.deepEqual(feed.totals(), { entries: 0, bytes: 0, deadLetters: 0, dropped: 0 })
  },

  'a webhook that is gone loses everything, and holds nothing up': async (scene) => {
    watch(scene, ['hook', 'gone'])
    const { feed } = scene.store
    const gone = { ...HOOK, webhookId: 'gone' }
    await scene.register({ userEndpointId: 'a' })
    const [entry] = await read(scene)
    assert(entry !== undefined)
    await feed.bury(gone, [{ entry, failure: 'x', buriedAtWallMs: 1 }], entry.sequence - 1)
    feed.advance(HOOK, entry.sequence)
    watch(scene)
    assert.deepEqual(await read(scene), [])
    assert.equal(feed.position(gone), undefined)
    assert.deepEqual(feed.deadLetterSequences(gone), [])
    assert.equal(feed.totals().deadLetters, 0)
    await feed.begin(gone, { lastSequence: 1, sinceWallMs: 1 })
    feed.advance(gone, 9)
    assert.equal(feed.position(gone), undefined)
    await scene.register({ userEndpointId: 'b' })
    scene.store.feed.watch([], scene.under.wallMs())
    assert.equal(feed.totals().entries, 0)
    assert.deepEqual(await read(scene), [])
  },

  'a batch is remembered until it is done or buried': async (scene) => {
    watch(scene)
    const { feed } = scene.store
    await scene.register({ userEndpointId: 'a' })
    await scene.register({ userEndpointId: 'b' })
    const [a, b] = await read(scene)
    assert(a !== undefined && b !== undefined)
    await feed.begin(HOOK, { lastSequence: a.sequence, sinceWallMs: 7 })
    assert.deepEqual(feed.position(HOOK)?.batch, { lastSequence: a.sequence, sinceWallMs: 7 })
    const letter = { entry: a, failure: 'status_500', buriedAtWallMs: 9 }
    await feed.bury(HOOK, [letter], a.sequence)
    assert.deepEqual(feed.position(HOOK), { doneSequence: a.sequence, batch: undefined })
    assert.deepEqual(await read(scene), [b])
    assert.deepEqual(await feed.deadLetters(HOOK, 0, 10), [letter])
    assert.deepEqual(await feed.deadLetters(HOOK, a.sequence, 10), [])
    assert.deepEqual(feed.deadLetterSequences(HOOK), [a.sequence])
    assert.equal(feed.totals().deadLetters, 1)
    await feed.removeDeadLetters(HOOK, [a.sequence, a.sequence, 999])
    assert.deepEqual(await feed.deadLetters(HOOK, 0, 10), [])
    assert.equal(feed.totals().deadLetters, 0)
  },

  'whoever listens hears of every entry': async (scene) => {
    const heard: string[] = []
    scene.store.feed.onAdded((organizationId) => heard.push(organizationId))
    await scene.register({ userEndpointId: 'a' })
    watch(scene)
    scene.store.feed.noteConnected(await scene.register(), 1)
    assert.deepEqual(heard, ['acme', 'acme'])
  },
}

export const feedRestartCases: Cases = {
  'nothing of the feed is lost between the change and the crash': async (scene) => {
    watch(scene)
    const registration = await scene.register()
    await scene.register({ userEndpointId: 'gone' })
    await scene.store.registrations.unregister({ ...ENDPOINT, userEndpointId: 'gone' }, 'revoked')
    const before = await read(scene)
    await scene.under.crash(0)
    assert.deepEqual(await read(scene), before)
    watch(scene)
    await scene.under.advance(60_000)
    await expire(scene)
    await scene.under.advance(1000)
    await scene.under.crash(0)
    assert.equal(await scene.find(registration), undefined)
    assert.deepEqual(await told(scene), [
      'Registered requested',
      'Registered requested',
      'Unregistered revoked',
      'Expired keepalive_missed',
    ])
  },

  'positions, batches and dead letters are there after a crash, and no sequence comes twice': async (
    scene,
  ) => {
    watch(scene)
    const { feed } = scene.store
    for (const userEndpointId of ['a', 'b', 'c']) await scene.register({ userEndpointId })
    const [a, b, c] = await read(scene)
    assert(a !== undefined && b !== undefined && c !== undefined)
    const letter = { entry: a, failure: 'timeout', buriedAtWallMs: 3 }
    await feed.bury(HOOK, [letter], a.sequence)
    await feed.begin(HOOK, { lastSequence: b.sequence, sinceWallMs: 4 })
    await scene.under.crash(0)
    watch(scene)
    const position = { doneSequence: a.sequence, batch: { lastSequence: b.sequence, sinceWallMs: 4 } }
    assert.deepEqual(scene.store.feed.position(HOOK), position)
    assert.deepEqual(await scene.store.feed.deadLetters(HOOK, 0, 9), [letter])
    assert.deepEqual(scene.store.feed.totals().deadLetters, 1)
    assert.deepEqual(await read(scene), [b, c])
    scene.store.feed.advance(HOOK, c.sequence)
    await scene.under.advance(1000)
    await scene.under.crash(0)
    watch(scene)
    assert.deepEqual(await read(scene), [])
    await scene.register({ userEndpointId: 'd' })
    const [d] = await read(scene)
    assert((d?.sequence ?? 0) > c.sequence)
  },

  'who was connected when the process died is told as disconnected, once': async (scene) => {
    watch(scene)
    const { feed } = scene.store
    const phone = await scene.register({ keepAliveSeconds: 60 })
    const tab = await scene.register({ userEndpointId: 'tab', keepAliveSeconds: 60 })
    feed.noteConnected(phone, 5)
    feed.noteConnected(tab, 6)
    feed.noteDisconnected(tab, 'unsubscribed', 7)
    await scene.under.advance(1000)
    const newest = (await read(scene)).at(-1)?.sequence
    await scene.under.crash(500)
    watch(scene)
    watch(scene)
    const [entry, ...more] = await read(scene, newest)
    assert.deepEqual(more, [])
    assert.deepEqual(
      [entry?.userEndpointId, entry?.reason, entry?.connectedAtWallMs, entry?.atWallMs],
      ['phone', 'server_restarted', 5, scene.under.wallMs()],
    )
    await scene.under.advance(1000)
    await scene.under.crash(0)
    watch(scene)
    assert.deepEqual(await told(scene, newest), ['Disconnected server_restarted'])
  },

  'after a clean stop nobody is': async (scene) => {
    watch(scene)
    const phone = await scene.register({ keepAliveSeconds: 60 })
    scene.store.feed.noteConnected(phone, 5)
    scene.store.feed.noteDisconnected(phone, 'server_draining', 6)
    await scene.under.reopen(500)
    watch(scene)
    assert.deepEqual((await told(scene)).slice(1), ['Connected subscribed', 'Disconnected server_draining'])
  },
}
