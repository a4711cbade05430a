import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeClock } from '../../../../test/helpers/fake-clock.ts'
import { FakeDisk } from '../../../../test/helpers/fake-disk.ts'
import type { HistoryDraft, Store } from '../store.ts'
import { openEmbeddedStore, TABLES } from './embedded.ts'

const NAME = 'mallory.the.erased@example.com'
const MALLORY = { organizationId: 'acme', userId: NAME }
const WATCH = {
  organizationId: 'acme',
  types: new Set(['UserEndpointRegisteredEvent', 'UserEndpointUnregisteredEvent'] as const),
  webhookIds: ['hook'],
}

/** Rows whose key or value has the name in it. */
function rowsWith(disk: FakeDisk, name: string): readonly string[] {
  const needle = Buffer.from(name)
  return TABLES.flatMap((table) =>
    [...disk.table(table)]
      .filter(([key, value]) => Buffer.from(key, 'hex').includes(needle) || value.includes(needle))
      .map(() => table),
  )
}

function draftOf(number: number, wanted: Partial<HistoryDraft> = {}): HistoryDraft {
  return {
    ...{ organizationId: 'acme', userId: `user-${number % 7}`, eventId: `e${number}`, type: 'AThingEvent' },
    ...{ qos: 0, acceptedAtWallMs: 1_767_225_600_000, senderId: 'backend' },
    event: Buffer.from(`{"n":${number}}`),
    ...wanted,
  } as HistoryDraft
}

/** So many records, every third about the erased one: as recipient, sender, or within the event. */
async function addMany(store: Store, from: number, count: number): Promise<void> {
  for (let number = from; number < from + count; number++) {
    const own = number % 3 === 0
    const mine = number % 2 === 0 ? MALLORY : { senderId: NAME, sentBy: { kind: 'user', id: NAME } as const }
    const event = Buffer.from(JSON.stringify({ n: number, ...(own ? { of: NAME } : {}) }))
    store.history.add(draftOf(number, own ? { ...mine, event } : {}), [])
    if (number % 300 === 0) await store.history.find('nobody', {})
  }
}

async function idsIn(store: Store): Promise<readonly string[]> {
  const ids: string[] = []
  let before: number | undefined
  do {
    const page = await store.history.list({}, before, 1_000)
    ids.push(...page.records.map(({ eventId }) => eventId))
    before = page.next
  } while (before !== undefined)
  return ids.toReversed()
}

async function fill(store: Store, wallMs: number): Promise<void> {
  await store.feed.watch([WATCH])
  const request = { keepAliveSeconds: 600, serverKeepAliveReminderOn: false, authorizedUntilWallMs: 0 }
  for (const userEndpointId of [`phone of ${NAME}`, 'tab'])
    await store.registrations.register({ ...MALLORY, ...request, userEndpointId }, 9)
  for (let number = 0; number < 20; number++) {
    const payload = Buffer.from(`for ${NAME} ${'x'.repeat(number === 7 ? 40_000 : 10)}`)
    const event = { eventId: `m${number}`, payload, sealed: false, acceptedAtWallMs: wallMs }
    const owner = { ...MALLORY, userId: NAME }
    await store.mailboxes.append({
      ...MALLORY,
      event: { ...event, expiresAtWallMs: wallMs + 60_000 },
      record: draftOf(number, { ...MALLORY, eventId: `m${number}`, qos: 1 }),
      call: {
        senderId: `user/acme/${NAME}`,
        endsAtWallMs: wallMs + 60_000,
        masks: [],
        cancelOthers: { ...event },
      },
      idempotency: { owner, key: `key ${number}`, rememberMs: 600_000, token: `t${number}` },
      collapseKey: `c${number % 5} of ${NAME}`,
      eventsMax: 100,
      bytesMax: 1_000_000,
    })
  }
  const entries = await store.feed.read('acme', 0, 10)
  const letters = entries.slice(0, 1).map((entry) => ({ entry, failure: 'timeout' }))
  const lease = await store.webhooks.lease({ organizationId: 'acme', webhookId: 'hook' }, 1_000)
  assert(lease !== undefined && (await store.webhooks.bury(lease, letters, entries[0]?.sequence ?? 0)))
}

test('no row of any table has anything of a user who was erased, and all others have what they had', async (t) => {
  const disk = new FakeDisk()
  const clock = createFakeClock()
  const store = await openEmbeddedStore({ rows: disk.open(), clock })
  await fill(store, clock.wallMs())
  await addMany(store, 0, 6_000)
  await store.history.find('nobody', {})
  const before = new Set(rowsWith(disk, NAME))
  for (const table of [
    'registrations',
    'mailbox',
    'calls',
    'cancels',
    'answers',
    'feed',
    'deadLetters',
    'history',
  ])
    assert.ok(before.has(table), `it was in ${table}`)
  const erasing = store.erasure.erase(MALLORY)
  // What others do meanwhile is kept.
  for (let number = 6_000; number < 6_500; number++) {
    store.history.add(draftOf(number), [])
    if (number % 50 === 0) await clock.advance(300)
  }
  const erased = await erasing
  assert.deepEqual([erased.registrations, erased.events, erased.replies], [2, 2_020, 20])
  assert.deepEqual(rowsWith(disk, NAME), [])
  const expected = Array.from({ length: 6_500 }, (_, number) => number)
    .filter((number) => number >= 6_000 || number % 3 !== 0)
    .map((number) => `e${number}`)
  assert.deepEqual(await idsIn(store), expected)
  await clock.advance(5_000)
  const bytes = await store.history.bytes()
  await store.close()
  assert.deepEqual(rowsWith(disk, NAME), [])
  const again = await openEmbeddedStore({ rows: disk.open(), clock })
  t.after(() => again.close())
  assert.deepEqual(await idsIn(again), expected)
  assert.equal(await again.history.bytes(), bytes, 'what it takes is reckoned alike after a restart')
  assert.equal((await again.totals()).registrations, 0)
})

test('a user with nothing but events of one block, which goes whole', async () => {
  const disk = new FakeDisk()
  const clock = createFakeClock()
  const store = await openEmbeddedStore({ rows: disk.open(), clock })
  for (let number = 0; number < 10; number++) store.history.add(draftOf(number, MALLORY), [])
  assert.equal((await store.erasure.erase(MALLORY)).events, 10)
  assert.deepEqual(await idsIn(store), [])
  assert.deepEqual(rowsWith(disk, NAME), [])
  assert.equal(await store.history.bytes(), 0)
  store.history.add(draftOf(10), [])
  assert.deepEqual(await idsIn(store), ['e10'])
  await store.close()
})

test('callers that are not told apart keep their replies, and the erased one does not', async () => {
  const disk = new FakeDisk()
  const clock = createFakeClock()
  const bookBounds = { organizationSharePercent: 100, callerSharePercent: 100 }
  const store = await openEmbeddedStore({
    rows: disk.open(),
    clock,
    bookBounds: {
      ...bookBounds,
      idempotencyKeysMax: 100,
      revocationsMax: 100,
      auditLinesMax: 10,
      auditDays: 1,
      refreshFamiliesMax: 10,
      lastSeenUsersMax: 10,
    },
  })
  await fill(store, clock.wallMs())
  assert.equal((await store.erasure.erase(MALLORY)).replies, 20)
  assert.deepEqual(rowsWith(disk, NAME), [])
  await store.close()
})

test('a disk that refuses is told, and the same erasure may be asked for again', async () => {
  const disk = new FakeDisk()
  const clock = createFakeClock()
  const store = await openEmbeddedStore({ rows: disk.open(), clock })
  await fill(store, clock.wallMs())
  disk.failure = new Error('no')
  await assert.rejects(store.erasure.erase(MALLORY), { code: 'unavailable' })
  disk.failure = undefined
  await clock.advance(10_000)
  await store.erasure.erase(MALLORY)
  assert.deepEqual(rowsWith(disk, NAME), [])
  await store.close()
})
