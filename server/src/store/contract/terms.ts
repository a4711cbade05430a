import assert from 'node:assert/strict'
import type { AppendRequest, CancelDraft, HistoryDraft, Registration } from '../store.ts'
import { type Cases, ENDPOINT, keyOf, type Scene, textOf } from './scene.ts'

const { organizationId, userId } = ENDPOINT
const BOUNDS = { eventsMax: 10, bytesMax: 1000 }

/** Appends to every endpoint of the user and gives the sequences in the order of the registrations. */
async function appendToAll(
  scene: Scene,
  text: string,
  wanted: Partial<AppendRequest> = {},
): Promise<readonly number[]> {
  const event = eventOf(scene, text)
  const request = { organizationId, userId, event, ...BOUNDS, ...wanted }
  const { accepted } = await scene.store.mailboxes.append(request)
  return accepted.map(({ sequence }) => sequence)
}

function eventOf(scene: Scene, text: string, lifetimeMs?: number) {
  return {
    eventId: `id of ${text}`,
    payload: Buffer.from(text),
    sealed: false,
    acceptedAtWallMs: scene.under.wallMs(),
    ...(lifetimeMs === undefined ? {} : { expiresAtWallMs: scene.under.wallMs() + lifetimeMs }),
  }
}

function draft(eventId: string): HistoryDraft {
  const event = Buffer.from('{}')
  // The fake clock's own day: what is older than a week is not shown.
  const rest = {
    type: 'CallOfferedEvent',
    qos: 1,
    acceptedAtWallMs: Date.UTC(2026, 0, 1),
    senderId: 'backend',
    sentBy: { kind: 'client', id: 'backend' },
  } as const
  return { organizationId, userId, eventId, event, ...rest }
}

function cancelDraft(text = 'cancelled'): CancelDraft {
  return { eventId: text, payload: Buffer.from(text), sealed: false, record: draft(text) }
}

async function outcomes(scene: Scene, eventId: string): Promise<Record<string, string> | undefined> {
  const record = await scene.store.history.find(eventId, {})
  return record && Object.fromEntries(record.endpoints.map((part) => [part.userEndpointId, part.outcome]))
}

async function threeEndpoints(scene: Scene): Promise<readonly [Registration, Registration, Registration]> {
  return [
    await scene.register(),
    await scene.register({ userEndpointId: 'tab' }),
    await scene.register({ userEndpointId: 'tv' }),
  ]
}

const lifetimes: Cases = {
  'an entry is read with its end, and swept out from then on, not before': async (scene) => {
    const phone = await scene.register()
    await scene.append('mortal', { event: eventOf(scene, 'mortal', 500), record: draft('id of mortal') })
    await scene.append('immortal')
    const [first, second] = await scene.read(phone)
    assert.equal(first?.expiresAtWallMs, scene.under.wallMs() + 500)
    assert(second !== undefined && !('expiresAtWallMs' in second))
    await scene.under.advance(499)
    assert.deepEqual(await scene.lapsed(), [])
    await scene.under.advance(1)
    const expired = await scene.lapsed()
    assert.deepEqual(expired, [{ registration: keyOf(phone), sequence: first?.sequence }])
    assert.deepEqual(await scene.payloads(phone), ['immortal'])
    assert.equal(await scene.holds(phone, first?.sequence ?? 0), false)
    assert.equal(await scene.holds(phone, second.sequence), true)
    assert.deepEqual(await outcomes(scene, 'id of mortal'), { phone: 'expired' })
    assert.deepEqual(await scene.lapsed(), [])
  },

  'the earliest go first, no more at a time than asked for, and none that left before': async (scene) => {
    const phone = await scene.register()
    const sequences: number[] = []
    for (const lifetimeMs of [300, 100, 200, 100, 50]) {
      const { accepted } = await scene.append('', { event: eventOf(scene, 'x', lifetimeMs) })
      sequences.push(accepted[0]?.sequence ?? 0)
    }
    await scene.discard(phone, sequences[4] ?? 0)
    await scene.under.advance(250)
    const expire = async (max: number) => (await scene.lapsed(max)).map(({ sequence }) => sequence)
    assert.deepEqual(await expire(2), [sequences[1], sequences[3]])
    assert.deepEqual(await expire(2), [sequences[2]])
    assert.equal(await scene.depth(phone), 1)
  },

  'what is in flight is spared, and looked at again when it may no longer be': async (scene) => {
    const phone = await scene.register()
    const { accepted } = await scene.append('', { event: eventOf(scene, 'x', 100) })
    const sequence = accepted[0]?.sequence ?? 0
    await scene.sendThrough(phone, sequence)
    await scene.under.advance(100)
    assert.equal((await scene.lapsed()).length, 0)
    assert(await scene.holds(phone, sequence), 'whoever looks takes the place of its link')
    await scene.under.advance(8000)
    assert.equal((await scene.lapsed()).length, 1)
  },

  'the entries of a registration that ended are not expired a second time': async (scene) => {
    await scene.register()
    await scene.append('', { event: eventOf(scene, 'x', 100), record: draft('id of x') })
    await scene.unregister()
    await scene.under.advance(200)
    assert.deepEqual(await scene.lapsed(), [])
    assert.deepEqual(await outcomes(scene, 'id of x'), { phone: 'discarded' })
  },
}

const replacing: Cases = {
  'an event takes the place of the unsent ones of its key, mailbox by mailbox': async (scene) => {
    const [phone, tab] = await threeEndpoints(scene)
    const [old = 0] = await appendToAll(scene, 'old', { collapseKey: 'k', record: draft('id of old') })
    await appendToAll(scene, 'other', { collapseKey: 'l' })
    await appendToAll(scene, 'plain')
    const request = { organizationId, userId, event: eventOf(scene, 'new'), ...BOUNDS }
    await scene.sendThrough(phone, old)
    const newer = { ...request, collapseKey: 'k' }
    const { accepted, replaced } = await scene.store.mailboxes.append(newer)
    assert.equal(accepted.length, 3)
    assert.deepEqual(
      replaced?.map(({ registration }) => registration.userEndpointId),
      ['tab', 'tv'],
    )
    assert.deepEqual(await scene.payloads(phone), ['old', 'other', 'plain', 'new'], 'it is in flight')
    assert.deepEqual(await scene.payloads(tab), ['other', 'plain', 'new'])
    assert.deepEqual(await outcomes(scene, 'id of old'), {
      phone: 'queued',
      tab: 'discarded',
      tv: 'discarded',
    })
    // Not in flight any more: both go.
    await appendToAll(scene, 'newest', { collapseKey: 'k' })
    assert.deepEqual(await scene.payloads(phone), ['other', 'plain', 'newest'])
  },

  'it needs no room but its own, and replaces nothing where there is none': async (scene) => {
    const phone = await scene.register()
    const bounds = { eventsMax: 2, bytesMax: 8 }
    await appendToAll(scene, '1234', { collapseKey: 'k', ...bounds })
    await appendToAll(scene, '5678', bounds)
    const event = eventOf(scene, 'too long')
    const request = { organizationId, userId, event, ...bounds, collapseKey: 'k' }
    const { full } = await scene.store.mailboxes.append(request)
    assert.deepEqual(full, [keyOf(phone)])
    assert.deepEqual(await scene.payloads(phone), ['1234', '5678'])
    await appendToAll(scene, '9999', { collapseKey: 'k', ...bounds })
    assert.deepEqual(await scene.payloads(phone), ['5678', '9999'])
    assert.deepEqual(await scene.store.totals(), { registrations: 1, mailboxEvents: 2, mailboxBytes: 8 })
  },

  'one that was acknowledged is not replaced': async (scene) => {
    const phone = await scene.register()
    const [sequence = 0] = await appendToAll(scene, 'old', { collapseKey: 'k' })
    await scene.acknowledge(phone, sequence, BOUNDS)
    const request = { organizationId, userId, event: eventOf(scene, 'new'), ...BOUNDS, collapseKey: 'k' }
    assert.equal((await scene.store.mailboxes.append(request)).replaced, undefined)
    assert.deepEqual(await scene.payloads(phone), ['new'])
  },
}

const cancelling: Cases = {
  'the first acknowledgement cancels the others, once': async (scene) => {
    const [phone, tab, tv] = await threeEndpoints(scene)
    const cancelOthers = cancelDraft()
    const ring = { cancelOthers, record: draft('id of ring') }
    const [first = 0, second = 0, third = 0] = await appendToAll(scene, 'ring', ring)
    await scene.sendThrough(tab, second)
    const cancellation = await scene.acknowledge(phone, first, BOUNDS)
    assert.deepEqual(cancellation?.accepted, [tab, tv].map(keyOf))
    assert.deepEqual(cancellation?.full, [])
    assert.deepEqual(cancellation?.discarded, [{ registration: keyOf(tv), sequence: third }])
    await cancellation?.durable
    assert.deepEqual(await scene.payloads(phone), [])
    assert.deepEqual(await scene.payloads(tab), ['ring', 'cancelled'], 'what is in flight stays')
    const [entry, ...more] = await scene.read(tv)
    assert(entry !== undefined && more.length === 0)
    assert.deepEqual([entry.eventId, textOf(entry), entry.sealed], ['cancelled', 'cancelled', false])
    assert.equal(entry.acceptedAtWallMs, scene.under.wallMs())
    assert.equal(await scene.acknowledge(tab, second, BOUNDS), undefined)
    assert.deepEqual(await scene.payloads(tab), ['cancelled'])
    const expected = { phone: 'acknowledged', tab: 'acknowledged', tv: 'discarded' }
    assert.deepEqual(await outcomes(scene, 'id of ring'), expected)
    assert.deepEqual(await outcomes(scene, 'cancelled'), { tab: 'queued', tv: 'queued' })
  },

  'an endpoint whose entry ended, or that ended itself, is not cancelled': async (scene) => {
    const [phone, tab, tv] = await threeEndpoints(scene)
    const [first = 0, second = 0] = await appendToAll(scene, 'ring', { cancelOthers: cancelDraft() })
    await scene.discard(tab, second)
    await scene.unregister(tv)
    const nothing = await scene.acknowledge(phone, first, BOUNDS)
    assert.equal(nothing, undefined)
    assert.equal((await scene.store.totals()).mailboxEvents, 0)
  },

  'an expired endpoint that was not swept yet gets nothing': async (scene) => {
    await scene.register({ keepAliveSeconds: 1 })
    const tab = await scene.register({ userEndpointId: 'tab' })
    const [, second = 0] = await appendToAll(scene, 'ring', { cancelOthers: cancelDraft() })
    await scene.under.advance(1000)
    const { store } = scene
    const cancellation = await scene.acknowledge(tab, second, BOUNDS)
    assert.deepEqual([cancellation?.accepted, cancellation?.full], [[], []])
    assert.equal(cancellation?.discarded.length, 1)
    assert.equal((await store.totals()).mailboxEvents, 0)
  },

  'a mailbox over its bounds takes it, one twice over them does not': async (scene) => {
    const [phone, tab, tv] = await threeEndpoints(scene)
    const cancelOthers = cancelDraft()
    const [first = 0] = await appendToAll(scene, 'ring', { cancelOthers })
    await scene.append('more', { userEndpointId: 'tv' })
    const bounds = { eventsMax: 1, bytesMax: 1000 }
    await scene.sendAll(tab, tv)
    const cancellation = await scene.acknowledge(phone, first, bounds)
    assert.deepEqual(
      [cancellation?.accepted.map(({ userEndpointId }) => userEndpointId), cancellation?.full.length],
      [['tab'], 1],
    )
    assert.deepEqual(await outcomes(scene, 'cancelled'), { tab: 'queued', tv: 'discarded' })
  },

  'an event that one endpoint took has no others': async (scene) => {
    const phone = await scene.register()
    const [only = 0] = await appendToAll(scene, 'ring', { cancelOthers: cancelDraft() })
    await scene.register({ userEndpointId: 'later' })
    assert.equal(await scene.acknowledge(phone, only, BOUNDS), undefined)
    assert.equal(await scene.depth(phone), 0)
    assert.equal(await scene.acknowledge(phone, 999_999, BOUNDS), undefined)
  },
}

export const termCases: Cases = { ...lifetimes, ...replacing, ...cancelling }

/** The same over restarts and crashes. */
export const termRestartCases: Cases = {
  'lifetimes, keys and races outlive the process': async (scene) => {
    const [phone, tab] = await threeEndpoints(scene)
    await scene.append('', { event: eventOf(scene, 'mortal', 1000), userEndpointId: 'tv' })
    await appendToAll(scene, 'old', { collapseKey: 'k' })
    const [first = 0] = await appendToAll(scene, 'ring', { cancelOthers: cancelDraft() })
    for (const again of ['crash', 'reopen'] as const) {
      await scene.under[again](10)
      assert.equal((await scene.read(tab)).length, 2)
    }
    await scene.under.advance(1000)
    assert.equal((await scene.lapsed()).length, 1)
    await appendToAll(scene, 'new', { collapseKey: 'k' })
    assert.deepEqual(await scene.payloads(phone), ['ring', 'new'])
    const cancellation = await scene.acknowledge(phone, first, BOUNDS)
    assert.equal(cancellation?.accepted.length, 2)
    await cancellation?.durable
    await scene.under.crash(0)
    assert.deepEqual(await scene.payloads(phone), ['new'])
    assert.deepEqual(await scene.payloads(tab), ['new', 'cancelled'])
    const record = await scene.store.history.find('cancelled', {})
    assert.deepEqual(record?.sentBy, { kind: 'client', id: 'backend' }, 'who sent it, too')
    assert.equal((await scene.lapsed()).length, 0)
  },

  'an acknowledgement and what it sets off are lost together or not at all': async (scene) => {
    const [phone, tab] = await threeEndpoints(scene)
    const [first = 0] = await appendToAll(scene, 'ring', { cancelOthers: cancelDraft() })
    const cancellation = await scene.acknowledge(phone, first, BOUNDS)
    // Nobody waits for it: the process dies first, in most engines.
    cancellation?.durable.catch(() => undefined)
    await scene.under.crash(0)
    const isDone = (await scene.payloads(phone)).length === 0
    assert.deepEqual(await scene.payloads(tab), isDone ? ['cancelled'] : ['ring'])
    const again = await scene.acknowledge(phone, first, BOUNDS)
    assert.equal(again === undefined, isDone)
    await again?.durable
    assert.deepEqual(await scene.payloads(tab), ['cancelled'])
  },
}
