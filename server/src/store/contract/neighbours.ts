import assert from 'node:assert/strict'
import type { HeldEntry, Registration, Store, Tiding } from '../store.ts'
import { linkOf } from './entries.ts'
import { type Cases, ENDPOINT, keyOf, type Scene } from './scene.ts'

const BOUNDS = { eventsMax: 10, bytesMax: 1000 }

/** The store as two processes have it, with what each is told of the other's doings. */
async function openTwo(scene: Scene) {
  const told: (readonly [node: string, Tiding])[] = []
  const open = async (node: string): Promise<Store> => {
    const store = await scene.under.openFor?.(node, (to, tiding) => void told.push([to, tiding]))
    assert(store !== undefined)
    return store
  }
  const take = (node: string) => {
    const own = told.filter(([to]) => to === node).map(([, tiding]) => tiding)
    told.length = 0
    return own
  }
  return { a: await open('a'), b: await open('b'), take }
}

function kinds(tidings: readonly Tiding[]): readonly string[] {
  return tidings.map(({ kind }) => kind)
}

async function append(store: Store, eventId: string, more: object = {}) {
  const event = { eventId, payload: Buffer.from(eventId), sealed: false, acceptedAtWallMs: 0 }
  const { accepted } = await store.mailboxes.append({ ...ENDPOINT, ...BOUNDS, event, ...more })
  return accepted
}

async function countOf({ neighbours }: Store): Promise<number> {
  let sum = 0
  for (const count of (await neighbours?.told())?.values() ?? []) sum += count ?? 0
  return sum
}

async function heldBy({ neighbours }: Store) {
  const part = neighbours?.partOf(ENDPOINT) ?? 0
  return (await neighbours?.held(part))?.map(
    ({ linkId, newestSequence }) => [linkId, newestSequence] as const,
  )
}

function entryOf(registration: Registration, sequence: number, eventId: string): HeldEntry {
  return { registration: keyOf(registration), sequence, eventId }
}

export const neighbourCases: Cases = {
  'two processes may number their links alike: each has its own': async (scene) => {
    const { a, b } = await openTwo(scene)
    const phone = await scene.register()
    await a.links.attach(phone, linkOf(1))
    await append(a, 'one')
    assert.deepEqual(await b.mailboxes.take(phone, linkOf(1), 0, 9, 999), [], 'it is of the other')
    await b.links.detach(phone, linkOf(1), 'connection_lost')
    assert.equal((await a.mailboxes.take(phone, linkOf(1), 0, 9, 999)).length, 1)
    const [seenByA] = await a.registrations.look([ENDPOINT], { link: true })
    const [seenByB] = await b.registrations.look([ENDPOINT], { link: true })
    assert.deepEqual([seenByA?.link?.node, seenByB?.link?.node], [undefined, 'a'])
  },

  'a process that knows fewer webhooks forgets none of another, nor what it wants to hear': async (scene) => {
    const { a, b } = await openTwo(scene)
    const webhook = { organizationId: 'acme', webhookId: 'h' }
    const types = new Set(['UserEndpointRegisteredEvent'] as const)
    await a.feed.watch([{ organizationId: 'acme', types, webhookIds: ['h'] }])
    await b.feed.watch([])
    await b.webhooks.forget(webhook)
    assert.notEqual(await a.webhooks.position(webhook), undefined)
    await scene.register()
    assert.equal((await scene.store.feed.read('acme', 0, 9)).length, 1)
    await a.feed.watch([])
    await b.webhooks.forget(webhook)
    assert.equal(await a.webhooks.position(webhook), undefined)
  },

  'an entry for the link of another is told to it, with all that it needs to send it': async (scene) => {
    const { a, b, take } = await openTwo(scene)
    const phone = await scene.register()
    await a.links.attach(phone, linkOf(7))
    take('a')
    const [entry] = await append(b, 'one', { collapseKey: 'k' })
    assert.equal(entry?.isElsewhere, true)
    const [tiding] = take('a')
    assert(tiding?.kind === 'appended')
    assert.deepEqual(
      [tiding.registration, tiding.linkId, tiding.sequence, tiding.follows, tiding.eventId],
      [keyOf(phone), 7, entry?.sequence, entry?.follows, 'one'],
    )
    assert.deepEqual(
      [tiding.mustBeClaimed, tiding.sealed, Buffer.from(tiding.payload).toString()],
      [true, false, 'one'],
    )
    const [own] = await append(a, 'two')
    assert.equal(own?.isElsewhere, undefined)
  },

  'what a link must not miss is counted, whoever brings it about, and only that': async (scene) => {
    const { a, b } = await openTwo(scene)
    const phone = await scene.register()
    await a.links.attach(phone, linkOf(1))
    const before = await countOf(a)
    await append(b, 'one')
    await append(a, 'two')
    assert.equal(await countOf(a), before + 2)
    assert.equal(await countOf(b), 0)
    await b.links.attach(phone, linkOf(1))
    assert.equal(await countOf(a), before + 3, 'its place was taken')
    await append(a, 'three')
    assert.deepEqual([await countOf(a), await countOf(b)], [before + 3, 1])
  },

  'a process finds its links, how far their mailboxes go, and which are over': async (scene) => {
    const { a, b, take } = await openTwo(scene)
    const phone = await scene.register()
    const tab = await scene.register({ userEndpointId: 'tab' })
    await a.links.attach(phone, linkOf(1))
    await a.links.attach(tab, linkOf(2))
    const [entry] = await append(b, 'one')
    assert.deepEqual(await heldBy(a), [
      [1, entry?.sequence],
      [2, 0],
    ])
    assert.deepEqual(await heldBy(b), [])
    take('a')
    await b.registrations.unregister({ ...ENDPOINT, userEndpointId: 'tab' }, 'kicked')
    assert.deepEqual(kinds(take('a')), ['registration_over'])
    assert.deepEqual(await heldBy(a), [
      [1, entry?.sequence],
      [2, undefined],
    ])
    await a.links.detach(tab, linkOf(2), 'connection_lost')
    assert.deepEqual(await heldBy(a), [[1, entry?.sequence]])
  },

  'whoever waits is told of every end, whoever brings it about': async (scene) => {
    const { a, b, take } = await openTwo(scene)
    const phone = await scene.register()
    await b.links.attach(phone, linkOf(1))
    const [one] = await append(a, 'one', { isAwaited: true })
    const [two] = await append(a, 'two', { isAwaited: true, collapseKey: 'k' })
    take('a')
    await b.mailboxes.end([entryOf(phone, one?.sequence ?? 0, 'one')], 'acknowledged', BOUNDS)
    await append(b, 'three', { collapseKey: 'k' })
    const ends = take('a').map((tiding) =>
      tiding.kind === 'entry_over' ? [tiding.sequence, tiding.isAcknowledged] : tiding.kind,
    )
    assert.deepEqual(ends, [
      [one?.sequence, true],
      [two?.sequence, false],
    ])
    await append(a, 'four', { isAwaited: true })
    await b.registrations.unregister(ENDPOINT)
    assert.deepEqual(kinds(take('a')), ['entry_over'])
  },

  'a dead process has no links, and attaches none': async (scene) => {
    const { a, b } = await openTwo(scene)
    const phone = await scene.register()
    await a.links.attach(phone, linkOf(1))
    await b.neighbours?.bury('a')
    await b.neighbours?.bury('a')
    const [sighting] = await b.registrations.look([ENDPOINT], { link: true })
    assert.equal(sighting?.link, undefined)
    assert.deepEqual(await heldBy(a), [])
    await assert.rejects(a.links.attach(phone, linkOf(2)), { code: 'unavailable' })
    assert.equal(await b.links.attach(phone, linkOf(1)), true)
  },

  'what a dead process has leased is free, and what it does with it is refused': async (scene) => {
    const { a, b } = await openTwo(scene)
    const webhook = { organizationId: 'acme', webhookId: 'hook' }
    const types = new Set(['UserEndpointRegisteredEvent'] as const)
    await a.feed.watch([{ organizationId: 'acme', types, webhookIds: ['hook'] }])
    const held = await a.webhooks.lease(webhook, 60_000)
    assert(held !== undefined)
    assert.equal(await b.webhooks.lease(webhook, 60_000), undefined)
    await b.neighbours?.bury('a')
    const taken = await b.webhooks.lease(webhook, 60_000)
    assert(taken !== undefined)
    assert.equal(await a.webhooks.begin(held, 1), undefined)
    await b.neighbours?.bury('a')
    assert.equal((await b.webhooks.lease(webhook, 60_000, taken))?.epoch, taken.epoch, 'its own it keeps')
  },
}
