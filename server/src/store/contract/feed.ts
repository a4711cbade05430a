import assert from 'node:assert/strict'
import { LIFECYCLE_EVENTS, type LifecycleEventType } from '@rollcall/protocol/lifecycle'
import type { FeedEntry } from '../store.ts'
import { linkOf } from './entries.ts'
import { type Cases, ENDPOINT, type Scene } from './scene.ts'

const HOOK = { organizationId: 'acme', webhookId: 'hook' }
const ALL = new Set(Object.keys(LIFECYCLE_EVENTS) as LifecycleEventType[])

function watch(scene: Scene, webhookIds = ['hook'], organizationId = 'acme', types = ALL): Promise<void> {
  return scene.store.feed.watch([{ organizationId, types, webhookIds }])
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
    await watch(scene, ['hook'], 'acme', new Set(['UserEndpointExpiredEvent']))
    await feed.noteSignInLocked(alice)
    await watch(scene)
    await feed.noteSignInLocked({ ...alice, organizationId: 'globex' })
    await scene.under.advance(7)
    await feed.noteSignInLocked(alice)
    const [entry, ...others] = await read(scene)
    const { sequence, ...rest } = entry ?? assert.fail('nothing was kept')
    assert(sequence > 0)
    const type = 'SignInLockedEvent'
    const atWallMs = scene.under.wallMs()
    assert.deepEqual(rest, { ...alice, type, reason: 'too_many_attempts', userEndpointId: '', atWallMs })
    assert.deepEqual(others, [])
  },

  'tells registrations, links, receipts, expiries and unregistrations, in their order': async (scene) => {
    await watch(scene)
    const { links, mailboxes } = scene.store
    const registration = await scene.register()
    await scene.register()
    await links.attach(registration, linkOf(1))
    const connectedAtWallMs = scene.under.wallMs()
    const [first, second] = [await append(scene, 'e'), await append(scene, 'f'), await append(scene, 'g')]
    const bounds = { eventsMax: 9, bytesMax: 999 }
    const held = (sequence: number, eventId: string) => ({ registration, sequence, eventId })
    for (let twice = 0; twice < 2; twice++)
      await mailboxes.end([held(first, 'id of e')], 'acknowledged', bounds)
    for (let twice = 0; twice < 2; twice++) await mailboxes.end([held(second, 'id of f')], 'expired', bounds)
    await scene.under.advance(1)
    assert.equal((await scene.lapsed()).length, 1)
    assert.equal(await scene.depth(registration), 0)
    await links.detach(registration, linkOf(1), 'connection_lost')
    const disconnectedAtWallMs = scene.under.wallMs()
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
    assert.deepEqual(
      [entries[5]?.connectedAtWallMs, entries[5]?.atWallMs],
      [connectedAtWallMs, disconnectedAtWallMs],
    )
    assert.equal(entries[6]?.atWallMs, scene.under.wallMs())
  },

  'tells of whoever made room before it tells of the one that took it': async (scene) => {
    await scene.register()
    await watch(scene)
    await append(scene, 'e')
    await scene.tryToRegister({ userEndpointId: 'new', mayEvict: true }, 1)
    assert.deepEqual(await told(scene), ['Unregistered evicted', 'Registered requested'])
    const entries = await read(scene)
    assert.deepEqual(
      entries.map(({ userEndpointId }) => userEndpointId),
      [ENDPOINT.userEndpointId, 'new'],
    )
  },

  'keeps nothing of organizations and types that nobody watches': async (scene) => {
    await scene.register({ userId: 'early' })
    await watch(scene, ['hook'], 'acme', new Set(['UserEndpointExpiredEvent']))
    await scene.store.links.attach(await scene.register(), linkOf(1))
    await scene.register({ organizationId: '__proto__' })
    assert.deepEqual(await scene.store.feed.totals(), { entries: 0, bytes: 0, deadLetters: 0 })
    assert.equal(scene.store.gauges.evicted().feedEvents, 0)
    await scene.under.advance(10_000)
    await expire(scene)
    assert.deepEqual(await told(scene), ['Expired keepalive_missed', 'Expired keepalive_missed'])
    assert.deepEqual(await scene.store.feed.read('__proto__', 0, 9), [])
  },

  'tells an expiry before the registration that takes its place, and once': async (scene) => {
    await watch(scene)
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
    await watch(scene)
    const registration = await scene.register()
    await scene.store.registrations.register({ ...registration, userEndpointId: 'second' }, 1)
    await scene.unregister({ ...ENDPOINT, userId: 'nobody' })
    await scene.under.advance(9000)
    await scene.sweep()
    assert.deepEqual(await told(scene), ['Registered requested'])
  },

  'reads from anywhere, no more than asked, and counts by type': async (scene) => {
    await watch(scene)
    for (const userEndpointId of ['a', 'b', 'c']) await scene.register({ userEndpointId })
    const [first, second, third] = await read(scene)
    assert.deepEqual(await read(scene, first?.sequence, 1), [second])
    assert.deepEqual(await read(scene, third?.sequence), [])
    assert.deepEqual(await read(scene, 0, 0), [])
    assert.equal(await scene.store.feed.count('acme', first?.sequence ?? 0, ALL), 2)
    assert.equal(await scene.store.feed.count('acme', 0, new Set(['UserEndpointExpiredEvent'])), 0)
  },

  'a new webhook begins with what comes; entries stay until every webhook is past them': async (scene) => {
    await watch(scene)
    const { feed, webhooks } = scene.store
    const second = { ...HOOK, webhookId: 'second' }
    await scene.register({ userEndpointId: 'a' })
    await watch(scene, ['hook', 'second'])
    await scene.register({ userEndpointId: 'b' })
    const [a, b] = (await read(scene)).map(({ sequence }) => sequence)
    assert(a !== undefined && b !== undefined)
    assert.equal((await webhooks.position(HOOK))?.doneSequence, 0)
    assert.equal((await webhooks.position(second))?.doneSequence, a)
    const lease = await scene.takeLease(HOOK)
    assert.equal(await webhooks.advance(lease, b), true)
    assert.equal(await webhooks.advance(lease, a), true)
    assert.equal((await webhooks.position(HOOK))?.doneSequence, b)
    assert.deepEqual((await read(scene)).length, 1)
    await webhooks.advance(await scene.takeLease(second), b)
    assert.deepEqual(await read(scene), [])
    assert.deepEqual(await feed.totals(), { entries: 0, bytes: 0, deadLetters: 0 })
    assert.equal(scene.store.gauges.evicted().feedEvents, 0)
  },

  'a webhook that is forgotten loses everything, and holds nothing up': async (scene) => {
    await watch(scene, ['hook', 'gone'])
    const { feed, webhooks, deadLetters } = scene.store
    const gone = { ...HOOK, webhookId: 'gone' }
    await scene.register({ userEndpointId: 'a' })
    const [entry] = await read(scene)
    assert(entry !== undefined)
    const lease = await scene.takeLease(gone)
    await webhooks.bury(lease, [{ entry, failure: 'x' }], entry.sequence - 1)
    await webhooks.advance(await scene.takeLease(HOOK), entry.sequence)
    await watch(scene)
    await webhooks.forget(gone)
    assert.deepEqual(await read(scene), [])
    assert.equal(await webhooks.position(gone), undefined)
    assert.deepEqual(await deadLetters.sequences(gone), [])
    assert.equal((await feed.totals()).deadLetters, 0)
    assert.equal(await webhooks.begin(lease, 1), undefined)
    assert.equal(await webhooks.advance(lease, 9), false)
    assert.equal(await webhooks.position(gone), undefined)
    assert.equal(await webhooks.lease(gone, 1000), undefined)
    assert.deepEqual(await webhooks.list(), [HOOK])
    await scene.register({ userEndpointId: 'b' })
    await scene.store.feed.watch([])
    await webhooks.forget(HOOK)
    assert.equal((await feed.totals()).entries, 0)
    assert.deepEqual(await read(scene), [])
  },

  'a webhook that is not watched, and not forgotten, keeps what it has': async (scene) => {
    await watch(scene, ['hook', 'absent'])
    const { webhooks, deadLetters } = scene.store
    const absent = { ...HOOK, webhookId: 'absent' }
    for (const userEndpointId of ['a', 'b']) await scene.register({ userEndpointId })
    const [a, b] = await read(scene)
    assert(a !== undefined && b !== undefined)
    await webhooks.bury(await scene.takeLease(absent), [{ entry: a, failure: 'x' }], a.sequence)
    await webhooks.advance(await scene.takeLease(HOOK), b.sequence)
    await watch(scene)
    await scene.register({ userEndpointId: 'c' })
    await watch(scene, ['hook', 'absent'])
    assert.deepEqual(await deadLetters.sequences(absent), [a.sequence])
    assert.equal((await webhooks.position(absent))?.doneSequence, a.sequence)
    const left = await read(scene, a.sequence)
    assert.deepEqual(
      left.map(({ userEndpointId }) => userEndpointId),
      ['b', 'c'],
    )
  },

  'a batch is remembered until it is done or buried': async (scene) => {
    await watch(scene)
    const { feed, webhooks, deadLetters } = scene.store
    await scene.register({ userEndpointId: 'a' })
    await scene.register({ userEndpointId: 'b' })
    const [a, b] = await read(scene)
    assert(a !== undefined && b !== undefined)
    const lease = await scene.takeLease(HOOK)
    const batch = { lastSequence: a.sequence, sinceWallMs: scene.under.wallMs() }
    assert.deepEqual(await webhooks.begin(lease, a.sequence), batch)
    await scene.under.advance(9)
    assert.deepEqual((await webhooks.position(HOOK))?.batch, batch)
    const letter = { entry: a, failure: 'status_500' }
    assert.equal(await webhooks.bury(lease, [letter], a.sequence), true)
    const buried = { ...letter, buriedAtWallMs: scene.under.wallMs() }
    assert.deepEqual(await webhooks.position(HOOK), { doneSequence: a.sequence, batch: undefined })
    assert.deepEqual(await read(scene), [b])
    assert.deepEqual(await deadLetters.list(HOOK, 0, 10), [buried])
    assert.deepEqual(await deadLetters.list(HOOK, a.sequence, 10), [])
    assert.deepEqual(await deadLetters.sequences(HOOK), [a.sequence])
    assert.equal((await feed.totals()).deadLetters, 1)
    await deadLetters.remove(HOOK, [a.sequence, a.sequence, 999])
    assert.deepEqual(await deadLetters.list(HOOK, 0, 10), [])
    assert.equal((await feed.totals()).deadLetters, 0)
  },

  'whoever listens hears of every entry': async (scene) => {
    const [heard, other]: string[][] = [[], []]
    scene.store.feed.onAdded((organizationId) => heard?.push(organizationId))
    const stop = scene.store.feed.onAdded((organizationId) => other?.push(organizationId))
    await scene.register({ userEndpointId: 'a' })
    await watch(scene)
    await scene.store.links.attach(await scene.register(), linkOf(1))
    assert.deepEqual(
      [heard, other],
      [
        ['acme', 'acme'],
        ['acme', 'acme'],
      ],
    )
    stop()
    await scene.register({ userEndpointId: 'b' })
    assert.deepEqual([heard?.length, other?.length], [3, 2])
  },
}

export const feedRestartCases: Cases = {
  'nothing of the feed is lost between the change and the crash': async (scene) => {
    await watch(scene)
    const registration = await scene.register()
    await scene.register({ userEndpointId: 'gone' })
    await scene.store.registrations.unregister({ ...ENDPOINT, userEndpointId: 'gone' }, 'revoked')
    const before = await read(scene)
    await scene.under.crash(0)
    assert.deepEqual(await read(scene), before)
    await watch(scene)
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
    await watch(scene)
    const { webhooks } = scene.store
    for (const userEndpointId of ['a', 'b', 'c']) await scene.register({ userEndpointId })
    const [a, b, c] = await read(scene)
    assert(a !== undefined && b !== undefined && c !== undefined)
    const lease = await scene.store.webhooks.lease(HOOK, 1000)
    assert(lease !== undefined)
    await webhooks.bury(lease, [{ entry: a, failure: 'timeout' }], a.sequence)
    const letter = { entry: a, failure: 'timeout', buriedAtWallMs: scene.under.wallMs() }
    const batch = await webhooks.begin(lease, b.sequence)
    assert(batch !== undefined)
    await scene.under.crash(0)
    await watch(scene)
    const position = { doneSequence: a.sequence, batch }
    assert.deepEqual(await scene.store.webhooks.position(HOOK), position)
    assert.deepEqual(await scene.store.deadLetters.list(HOOK, 0, 9), [letter])
    assert.deepEqual((await scene.store.feed.totals()).deadLetters, 1)
    assert.deepEqual(await read(scene), [b, c])
    // The lease of whoever died may have to lapse.
    await scene.under.advance(1000)
    await scene.store.webhooks.advance(await scene.takeLease(HOOK), c.sequence)
    await scene.under.advance(1000)
    await scene.under.crash(0)
    await watch(scene)
    assert.deepEqual(await read(scene), [])
    await scene.register({ userEndpointId: 'd' })
    const [d] = await read(scene)
    assert((d?.sequence ?? 0) > c.sequence)
  },

  'who was connected when the process died is told as disconnected, once': async (scene) => {
    await watch(scene)
    const phone = await scene.register({ keepAliveSeconds: 60 })
    const tab = await scene.register({ userEndpointId: 'tab', keepAliveSeconds: 60 })
    const connectedAtWallMs = scene.under.wallMs()
    await scene.store.links.attach(phone, linkOf(1))
    await scene.store.links.attach(tab, linkOf(1))
    await scene.store.links.detach(tab, linkOf(1), 'unsubscribed')
    await scene.under.advance(1000)
    const newest = (await read(scene)).at(-1)?.sequence
    await scene.under.crash(500)
    await watch(scene)
    await watch(scene)
    const [entry, ...more] = await read(scene, newest)
    assert.deepEqual(more, [])
    assert.deepEqual(
      [entry?.userEndpointId, entry?.reason, entry?.connectedAtWallMs, entry?.atWallMs],
      ['phone', 'server_restarted', connectedAtWallMs, scene.under.wallMs()],
    )
    await scene.under.advance(1000)
    await scene.under.crash(0)
    await watch(scene)
    assert.deepEqual(await told(scene, newest), ['Disconnected server_restarted'])
  },

  'after a clean stop nobody is': async (scene) => {
    await watch(scene)
    const phone = await scene.register({ keepAliveSeconds: 60 })
    await scene.store.links.attach(phone, linkOf(1))
    await scene.store.links.detach(phone, linkOf(1), 'server_draining')
    await scene.under.reopen(500)
    await watch(scene)
    assert.deepEqual((await told(scene)).slice(1), ['Connected subscribed', 'Disconnected server_draining'])
  },
}
