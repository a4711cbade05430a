import assert from 'node:assert/strict'
import type { AppendOutcome, HistoryDraft, HistoryQuery, HistoryRecord } from '../store.ts'
import type { Cases } from './cases.ts'
import { ENDPOINT, type Scene } from './scene.ts'

const DAY_MS = 86_400_000
const ACME: HistoryQuery = { organizationId: 'acme' }
const EVERYTHING: HistoryQuery = {}

function draft(scene: Scene, eventId: string, wanted: Partial<HistoryDraft> = {}): HistoryDraft {
  return {
    organizationId: 'acme',
    userId: 'alice',
    eventId,
    type: 'CallOfferedEvent',
    qos: 0,
    acceptedAtWallMs: scene.under.wallMs(),
    senderId: 'backend',
    event: Buffer.from(JSON.stringify({ id: eventId })),
    ...wanted,
  }
}

/** Adds a QoS 0 event that nobody got. */
function add(scene: Scene, eventId: string, wanted: Partial<HistoryDraft> = {}): void {
  scene.store.history.add(draft(scene, eventId, wanted), [])
}

/** Sends a QoS 1 event that is recorded. */
function send(scene: Scene, eventId: string, eventsMax = 1000, userId = 'alice'): Promise<AppendOutcome> {
  const { organizationId } = ENDPOINT
  const event = {
    eventId,
    payload: Buffer.from(eventId),
    sealed: false,
    acceptedAtWallMs: scene.under.wallMs(),
  }
  const record = draft(scene, eventId, { qos: 1, userId })
  const request = { organizationId, userId, event, record, eventsMax, bytesMax: 1_000_000 }
  return scene.store.mailboxes.append(request, scene.at.nowMs)
}

async function names(scene: Scene, query: HistoryQuery, max = 1000): Promise<string> {
  const { records } = await scene.store.history.list(query, undefined, max)
  return records.map((record) => record.eventId).join(' ')
}

/** Every page, one record at a time, as a client would fetch them. */
async function paged(scene: Scene, query: HistoryQuery, max: number): Promise<readonly HistoryRecord[]> {
  const all: HistoryRecord[] = []
  let before: number | undefined
  for (let page = 0; page < 10_000; page++) {
    const { records, next } = await scene.store.history.list(query, before, max)
    assert(records.length <= max)
    all.push(...records)
    if (next === undefined) return all
    before = next
  }
  throw new Error('the pages do not end')
}

function plain(record: HistoryRecord | undefined) {
  assert(record !== undefined)
  const { recordId: _, event, ...rest } = record
  return { ...rest, event: Buffer.from(event).toString() }
}

/** `phone: queued 0, sent 5` for each endpoint, times counted from the acceptance. */
async function fate(scene: Scene, eventId: string): Promise<string> {
  const record = await scene.store.history.find(eventId, ACME)
  assert(record !== undefined)
  const parts = record.endpoints.map(({ userEndpointId, at, outcome }) => {
    assert.equal(at.at(-1)?.outcome, outcome)
    const steps = at.map((one) => `${one.outcome} ${one.atWallMs - record.acceptedAtWallMs}`)
    return `${userEndpointId}: ${steps.join(', ')}`
  })
  return parts.join('; ')
}

export const historyCases: Cases = {
  'a record is found at once, as it was added, ids of any script included': async (scene) => {
    const atWallMs = scene.under.wallMs()
    const wanted = draft(scene, '漢字 "😀"', { userId: '__proto__', senderId: 'ö', type: 'ABCEvent' })
    scene.store.history.add(wanted, [
      { userEndpointId: 'phone', outcome: 'sent', at: [{ outcome: 'sent', atWallMs }] },
      { userEndpointId: 'é', outcome: 'not_connected', at: [{ outcome: 'not_connected', atWallMs }] },
    ])
    const found = plain(await scene.store.history.find(wanted.eventId, ACME))
    assert.deepEqual(found, {
      ...wanted,
      event: Buffer.from(wanted.event).toString(),
      endpoints: [
        { userEndpointId: 'phone', outcome: 'sent', at: [{ outcome: 'sent', atWallMs }] },
        { userEndpointId: 'é', outcome: 'not_connected', at: [{ outcome: 'not_connected', atWallMs }] },
      ],
    })
    assert.equal(await scene.store.history.find('other', ACME), undefined)
    assert.equal(await scene.store.history.find(wanted.eventId, { organizationId: 'globex' }), undefined)
  },

  'a record of an appended event has an endpoint for each, queued or discarded': async (scene) => {
    await scene.register()
    await scene.append('x')
    await scene.register({ userEndpointId: 'tab' })
    const { accepted, full } = await send(scene, 'e', 1)
    assert.deepEqual([accepted.length, full.length], [1, 1])
    assert.equal(await fate(scene, 'e'), 'tab: queued 0; phone: discarded 0')
    await send(scene, 'refused', 1)
    assert.equal(await scene.store.history.find('refused', ACME), undefined, 'nobody took it')
  },

  'an appended event that finds nobody has a record without endpoints': async (scene) => {
    await send(scene, 'e')
    assert.deepEqual(plain(await scene.store.history.find('e', ACME)).endpoints, [])
  },

  'outcomes are noted once each, until a final one': async (scene) => {
    await scene.register()
    await scene.register({ userEndpointId: 'tab' })
    const { accepted } = await send(scene, 'e')
    const [phone = 0, tab = 0] = accepted.map(({ sequence }) => sequence)
    const { history } = scene.store
    const at = scene.under.wallMs()
    history.note(phone, 'queued', at + 1)
    history.note(phone, 'sent', at + 2)
    assert.equal(await fate(scene, 'e'), 'phone: queued 0, sent 2; tab: queued 0')
    history.note(phone, 'sent', at + 3)
    history.note(phone, 'acknowledged', at + 4)
    history.note(phone, 'discarded', at + 5)
    history.note(tab, 'expired', at + 6)
    history.note(tab, 'acknowledged', at + 7)
    history.note(tab + 1000, 'acknowledged', at + 7)
    assert.equal(await fate(scene, 'e'), 'phone: queued 0, sent 2, acknowledged 4; tab: queued 0, expired 6')
  },

  'what waits when a registration ends is discarded, with the time of its end': async (scene) => {
    const phone = await scene.register()
    await scene.register({ userEndpointId: 'tab' })
    const { accepted } = await send(scene, 'e')
    scene.store.mailboxes.remove(phone, accepted[0]?.sequence ?? 0)
    scene.store.history.note(accepted[0]?.sequence ?? 0, 'acknowledged', scene.under.wallMs())
    await scene.under.advance(100)
    await send(scene, 'f')
    await scene.under.advance(200)
    await scene.unregister()
    assert.equal(await fate(scene, 'e'), 'phone: queued 0, acknowledged 0; tab: queued 0')
    assert.equal(await fate(scene, 'f'), 'phone: queued 0, discarded 200; tab: queued 0')
    await scene.under.advance(10_000)
    await scene.settle('expire', ...(await scene.claim()))
    assert.equal(await fate(scene, 'e'), 'phone: queued 0, acknowledged 0; tab: queued 0, discarded 10300')
  },

  'one that was registered anew before it was swept has its own events discarded': async (scene) => {
    const old = await scene.register()
    await send(scene, 'old')
    await scene.under.advance(10_500)
    await scene.register()
    await send(scene, 'new')
    assert.equal(await fate(scene, 'old'), 'phone: queued 0')
    await scene.settle('expire', old)
    assert.equal(await fate(scene, 'old'), 'phone: queued 0, discarded 10500')
    assert.equal(await fate(scene, 'new'), 'phone: queued 0')
  },

  'a listing is newest first, and every member of a query counts': async (scene) => {
    const begun = scene.under.wallMs()
    add(scene, 'a')
    add(scene, 'b', { userId: 'bob', senderId: 'alice' })
    await scene.under.advance(10)
    add(scene, 'c', { organizationId: 'globex' })
    scene.store.history.add(draft(scene, 'd', { type: 'CallEndedEvent' }), [
      { userEndpointId: 'phone', outcome: 'sent', at: [{ outcome: 'sent', atWallMs: 1 }] },
    ])
    await scene.under.advance(10)
    add(scene, 'e', { userId: 'carol' })
    assert.equal(await names(scene, EVERYTHING), 'e d c b a')
    assert.equal(await names(scene, ACME), 'e d b a')
    assert.equal(await names(scene, { organizationId: 'initech' }), '')
    assert.equal(await names(scene, { userId: 'alice' }), 'd c a')
    assert.equal(await names(scene, { ...ACME, userId: 'alice' }), 'd a')
    assert.equal(await names(scene, { ...ACME, involvedUserId: 'alice' }), 'd b a')
    assert.equal(await names(scene, { ...ACME, involvedUserId: 'alice', userId: 'bob' }), 'b')
    assert.equal(await names(scene, { ...ACME, involvedUserId: 'dave' }), '')
    assert.equal(await names(scene, { ...ACME, userEndpointId: 'phone' }), 'd')
    assert.equal(await names(scene, { ...ACME, type: 'CallEndedEvent' }), 'd')
    assert.equal(await names(scene, { ...ACME, type: 'CallOfferedEvent', userId: 'alice' }), 'a')
    assert.equal(await names(scene, { fromWallMs: begun + 10 }), 'e d c', 'from the instant on')
    assert.equal(await names(scene, { toWallMs: begun + 10 }), 'b a', 'before the instant')
    assert.equal(await names(scene, { fromWallMs: begun + 10, toWallMs: begun + 20 }), 'd c')
    assert.equal(await names(scene, { fromWallMs: begun + 20, toWallMs: begun }), '')
  },

  'a repeated event id: the newest that matches is found, and each is kept': async (scene) => {
    add(scene, 'e', { senderId: 'first' })
    add(scene, 'e', { senderId: 'second' })
    add(scene, 'e', { senderId: 'third', organizationId: 'globex' })
    const found = async (query: HistoryQuery) => (await scene.store.history.find('e', query))?.senderId
    assert.equal(await found(ACME), 'second')
    assert.equal(await found({ ...ACME, involvedUserId: 'first' }), 'first')
    assert.equal(await found({ ...ACME, involvedUserId: 'third' }), undefined)
    assert.equal(await found(EVERYTHING), 'third')
    assert.equal(await names(scene, ACME), 'e e')
  },

  'pages of any size show each matching record once, in order, while more arrive': async (scene) => {
    for (let index = 0; index < 3000; index++)
      add(scene, `e${index}`, { userId: index % 3 === 0 ? 'alice' : 'bob' })
    for (const [query, count] of [
      [ACME, 3000],
      [{ ...ACME, userId: 'alice' }, 1000],
      [{ ...ACME, userId: 'alice', type: 'OtherThingEvent' }, 0],
    ] as const) {
      for (const max of [7, 200]) {
        const ids = (await paged(scene, query, max)).map((record) => record.recordId)
        assert.equal(ids.length, count)
        assert.equal(new Set(ids).size, count)
        assert.deepEqual(
          ids,
          [...ids].sort((a, b) => b - a),
        )
      }
    }
    const first = await scene.store.history.list(ACME, undefined, 2)
    add(scene, 'later')
    const second = await scene.store.history.list(ACME, first.next, 2)
    assert.deepEqual(
      [...first.records, ...second.records].map((record) => record.eventId),
      ['e2999', 'e2998', 'e2997', 'e2996'],
    )
    assert.equal((await scene.store.history.find('e0', ACME))?.eventId, 'e0')
    assert.equal(await scene.store.history.find('e3000', ACME), undefined)
  },

  'a position that was made up shows nothing, and nothing that does not match': async (scene) => {
    add(scene, 'a')
    add(scene, 'b', { organizationId: 'globex' })
    for (const before of [-1, 0, 0.5, 1, Number.MIN_SAFE_INTEGER])
      assert.deepEqual(await scene.store.history.list(ACME, before, 10), { records: [], next: undefined })
    for (const before of [10, 1e300]) {
      const { records, next } = await scene.store.history.list(ACME, before, 10)
      assert.deepEqual([records.map((record) => record.eventId), next], [['a'], undefined])
    }
  },

  'records are gone after 7 days by the wall clock, younger ones are not': async (scene) => {
    add(scene, 'old')
    await scene.under.advance(1000)
    add(scene, 'young')
    scene.under.jumpWall(7 * DAY_MS - 1001)
    assert.equal(await names(scene, ACME), 'young old')
    await scene.under.advance(1)
    assert.equal(await names(scene, ACME), 'young')
    assert.equal(await scene.store.history.find('old', ACME), undefined)
    await scene.under.advance(500)
    assert.equal(await names(scene, ACME), 'young')
    await scene.under.advance(500)
    assert.equal(await names(scene, ACME), '')
    add(scene, 'next')
    assert.equal(await names(scene, ACME), 'next')
  },
}

async function fill(scene: Scene): Promise<void> {
  await scene.register({ keepAliveSeconds: 60 })
  const { accepted } = await send(scene, 'q1')
  scene.store.history.note(accepted[0]?.sequence ?? 0, 'sent', scene.under.wallMs() + 5)
  add(scene, 'q0')
  for (let index = 0; index < 1500; index++) add(scene, `many ${index}`, { userId: 'bob' })
  await scene.under.advance(1000)
}

async function assertFilled(scene: Scene): Promise<void> {
  assert.equal(await names(scene, { ...ACME, userId: 'alice' }), 'q0 q1')
  assert.equal(await fate(scene, 'q1'), 'phone: queued 0, sent 5')
  const many = await paged(scene, { ...ACME, userId: 'bob' }, 100)
  assert.equal(many.length, 1500)
  assert.deepEqual([many[0]?.eventId, many[1499]?.eventId], ['many 1499', 'many 0'])
}

export const historyRestartCases: Cases = {
  'the history is there after a restart, and goes on': async (scene) => {
    await fill(scene)
    await scene.under.reopen(1000)
    await assertFilled(scene)
    await scene.under.reopen(0)
    const { accepted } = await send(scene, 'next')
    scene.store.history.note(accepted[0]?.sequence ?? 0, 'acknowledged', scene.under.wallMs())
    await assert.rejects(assertFilled(scene))
    assert.equal(await names(scene, { ...ACME, userId: 'alice' }), 'next q0 q1')
    await scene.under.reopen(0)
    assert.equal(await fate(scene, 'next'), 'phone: queued 0, acknowledged 0')
  },

  'the history is there after a crash: what was appended at once, the rest after a second': async (scene) => {
    await fill(scene)
    await scene.under.crash(1000)
    await assertFilled(scene)
    await send(scene, 'answered')
    await scene.under.crash(0)
    assert.equal(await fate(scene, 'answered'), 'phone: queued 0')
    await assertFilledBefore(scene, 'answered')
    await send(scene, 'to nobody', 1000, 'dave')
    await scene.under.crash(0)
    assert.equal(await fate(scene, 'to nobody'), '')
  },

  'what was dropped stays dropped, and the rest stays': async (scene) => {
    await fill(scene)
    scene.under.jumpWall(7 * DAY_MS)
    await scene.under.advance(3000)
    add(scene, 'young')
    await scene.under.advance(1000)
    await scene.under.crash(0)
    scene.under.jumpWall(-7 * DAY_MS)
    assert.equal(await names(scene, ACME), 'young', 'gone, not only out of sight')
  },
}

async function assertFilledBefore(scene: Scene, newest: string): Promise<void> {
  assert.equal(await names(scene, { ...ACME, userId: 'alice' }), `${newest} q0 q1`)
}
