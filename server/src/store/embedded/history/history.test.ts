import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFakeClock } from '../../../../../test/helpers/fake-clock.ts'
import { FakeDisk } from '../../../../../test/helpers/fake-disk.ts'
import { HISTORY_BOUNDS } from '../../bounds.ts'
import type { EntryPosition, HistoryDraft, Store } from '../../store.ts'
import { openEmbeddedStore } from '../assembly.ts'

const USER = { organizationId: 'acme', userId: 'alice' }
const TABLES = ['history', 'historyIndex', 'outcomes'] as const
const DAY_MS = 86_400_000

async function setUp(bounds: Partial<typeof HISTORY_BOUNDS> = {}) {
  const clock = createFakeClock()
  const disk = new FakeDisk()
  const open = () =>
    openEmbeddedStore({ rows: disk.open(), clock, historyBounds: { ...HISTORY_BOUNDS, ...bounds } })
  const store = await open()
  const draft = (eventId: string, bytes = 10): HistoryDraft => ({
    ...USER,
    eventId,
    type: 'CallOfferedEvent',
    qos: 0,
    acceptedAtWallMs: clock.wallMs(),
    senderId: 'backend',
    event: Buffer.alloc(bytes, 'x'),
  })
  const rows = () => TABLES.map((table) => disk.table(table).size)
  const bytes = () => {
    const values = TABLES.flatMap((table) => [...disk.table(table).values()])
    return values.reduce((sum, value) => sum + value.length, 0)
  }
  return { clock, disk, store, open, draft, rows, bytes }
}

async function register(store: Store): Promise<void> {
  const request = { ...USER, userEndpointId: 'phone', keepAliveSeconds: 86_400, authorizedUntilWallMs: 0 }
  await store.registrations.register({ ...request, serverKeepAliveReminderOn: false }, 1)
}

/** Sends a QoS 1 event, and returns its entry once it is durable. */
async function send(store: Store, record: HistoryDraft): Promise<EntryPosition> {
  const { eventId, acceptedAtWallMs } = record
  const event = { eventId, payload: Buffer.from('x'), sealed: false, acceptedAtWallMs }
  const request = { ...USER, event, record, eventsMax: 1e6, bytesMax: 1e9 }
  const { accepted } = await store.mailboxes.append(request)
  return accepted[0] ?? NOWHERE
}

/** An entry where nobody was there. */
const NOWHERE: EntryPosition = {
  registration: { ...USER, userEndpointId: 'phone', registrationId: 0 },
  sequence: 0,
}

async function names(store: Store): Promise<readonly string[]> {
  const all: string[] = []
  for (let before: number | undefined; ; ) {
    const { records, next } = await store.history.list(USER, before, 200)
    all.push(...records.map((record) => record.eventId))
    if (next === undefined) return all
    before = next
  }
}

describe('what a backend sent', () => {
  it('is found whatever number of users have used its id since, and none of theirs is read for it', async () => {
    const { store, open, draft, disk } = await setUp()
    const { history } = store
    history.add({ ...draft('x'), sentBy: { kind: 'client', id: 'backend' } }, [])
    for (let count = 0; count < 6_000; count++)
      history.add({ ...draft('x'), senderId: 'mallory', sentBy: { kind: 'user', id: 'mallory' } }, [])
    const query = { organizationId: 'acme', isFromBackend: true }
    const sender = async (from: Store) => (await from.history.find('x', query))?.sentBy?.id
    assert.equal(await sender(store), 'backend')
    await store.close()
    const again = await open()
    assert.equal(await sender(again), 'backend', 'after a restart')
    await again.close()
    // As former versions wrote them: without the column that says who sent what.
    const index = disk.table('historyIndex')
    const part = 1 + 5
    const former = [...index.keys()].filter((key) => Buffer.from(key, 'hex').at(-1) === part)
    assert.ok(former.length > 0)
    for (const key of former) index.delete(key)
    const old = await open()
    assert.equal(await sender(old), undefined, 'among the newest thousands only')
    old.history.add({ ...draft('x'), senderId: 'newer', sentBy: { kind: 'client', id: 'newer' } }, [])
    old.history.add({ ...draft('x'), senderId: 'mallory', sentBy: { kind: 'user', id: 'mallory' } }, [])
    assert.equal(await sender(old), 'newer')
    await old.close()
  })
})

describe('the embedded history', () => {
  it('keeps within its size: the oldest go first, with index and outcomes, and nothing is left behind', async () => {
    const { clock, store, draft, rows, bytes } = await setUp({ bytesMax: 1_048_576 })
    await register(store)
    for (let round = 0; round < 60; round++) {
      const sends = Array.from({ length: 100 }, (_, n) => send(store, draft(`e${round * 100 + n}`, 200)))
      for (const entry of await Promise.all(sends)) store.history.note(entry, 'sent')
      await clock.advance(300)
    }
    await clock.advance(1000)
    assert.ok(bytes() <= 1_048_576 && bytes() > 900_000, `${bytes()} bytes`)
    assert.ok(
      (await store.history.bytes()) <= 1_048_576 && (await store.history.bytes()) >= bytes() - 10_000,
      'reckoned',
    )
    const left = await names(store)
    assert.deepEqual(
      left,
      Array.from({ length: left.length }, (_, index) => `e${5999 - index}`),
    )
    assert.equal(await store.history.find('e0', USER), undefined)
    assert.equal((await store.history.find(left.at(-1) ?? '', USER))?.endpoints[0]?.outcome, 'sent')
    await clock.stall(7 * DAY_MS)
    await clock.advance(5000)
    const [chunks, index, pages = 9] = rows()
    assert.deepEqual([chunks, index], [0, 0])
    assert.ok(pages <= 1, 'the page that the next sequence shares')
    await store.close()
  })

  it('drops a large past in slices, while new events go on', async () => {
    const { clock, disk, store, draft, rows } = await setUp()
    for (let n = 0; n < 1000; n++) {
      store.history.add(draft(`old ${n}`), [])
      await clock.advance(250)
    }
    assert.equal(rows()[0], 1000)
    const before = disk.commits.length
    await clock.stall(7 * DAY_MS)
    assert.deepEqual(await names(store), [], 'out of sight at once')
    assert.ok((rows()[0] ?? 0) >= 800, 'gone bit by bit')
    await send(store, draft('new'))
    await clock.advance(2000)
    assert.deepEqual(await names(store), ['new'])
    assert.equal(rows()[0], 1)
    const largest = Math.max(...disk.commits.slice(before).map((changes) => changes.length))
    assert.ok(largest < 300, `${largest} changes in one commit`)
    await store.close()
  })

  it('begins anew with a store of an earlier version: its mailboxes have no records', async () => {
    const { clock, disk, store, open, draft } = await setUp()
    await register(store)
    const event = { eventId: 'old', payload: Buffer.from('x'), sealed: false, acceptedAtWallMs: 0 }
    const old = { ...USER, event, eventsMax: 9, bytesMax: 999 }
    const { accepted } = await store.mailboxes.append(old)
    await store.close()
    disk.table('meta').delete(Buffer.from('history').toString('hex'))
    const upgraded = await open()
    upgraded.history.note(accepted[0] ?? NOWHERE, 'acknowledged')
    upgraded.history.note(await send(upgraded, draft('new')), 'acknowledged')
    await clock.advance(500)
    assert.deepEqual(await names(upgraded), ['new'])
    assert.equal((await upgraded.history.find('new', USER))?.endpoints[0]?.outcome, 'acknowledged')
    await upgraded.close()
  })

  it('notes outcomes of events long past, wherever their pages are', async () => {
    const { clock, disk, store, open, draft } = await setUp()
    await register(store)
    const sends = Array.from({ length: 40_000 }, (_, n) => send(store, draft(`e${n}`)))
    const entries = await Promise.all(sends)
    // Every page once, from the newest to the oldest: more than memory keeps.
    for (const outcome of ['sent', 'acknowledged', 'discarded'] as const) {
      for (let n = entries.length - 1; n > 0; n -= 50) store.history.note(entries[n] ?? NOWHERE, outcome)
      await clock.advance(500)
    }
    await store.close()
    const again = await open()
    for (const n of [39_999, 20_049, 49]) {
      const outcome = (await again.history.find(`e${n}`, USER))?.endpoints[0]?.at.map((one) => one.outcome)
      const isNoted = (39_999 - n) % 50 === 0
      assert.deepEqual(outcome, isNoted ? ['queued', 'sent', 'acknowledged'] : ['queued'], `e${n}`)
    }
    assert.equal(disk.table('outcomes').size, 626, 'sequences 1 to 40,000')
    await again.close()
  })

  it('forgets QoS 0 events rather than filling the memory while the disk fails', async () => {
    const { clock, disk, store, draft } = await setUp()
    store.history.add(draft('first'), [])
    disk.failure = new Error('EIO')
    await clock.advance(300)
    for (let n = 0; n < 1000; n++) store.history.add(draft(`e${n}`, 60_000), [])
    disk.failure = undefined
    await clock.advance(1000)
    const written = [...disk.table('history').values()].reduce((sum, value) => sum + value.length, 0)
    assert.ok(written > 15_000_000 && written < 18_000_000, `${written} bytes`)
    assert.equal((await store.history.find('first', USER))?.eventId, 'first')
    assert.equal((await store.history.find('e0', USER))?.eventId, 'e0')
    assert.equal(await store.history.find('e999', USER), undefined)
    await store.close()
  })

  it('writes again what a failed commit left behind, each record once', async () => {
    const { clock, disk, store, open, draft } = await setUp()
    await register(store)
    for (const failsAfterWriting of [false, true]) {
      disk.failure = new Error('EIO')
      disk.failsAfterWriting = failsAfterWriting
      await assert.rejects(send(store, draft(`refused ${failsAfterWriting}`)))
      await assert.rejects(store.history.list(USER, undefined, 1), 'no look at what is not certain')
      disk.failure = undefined
      await clock.advance(1000)
      await send(store, draft(`kept ${failsAfterWriting}`))
    }
    const kept = ['kept true', 'refused true', 'kept false', 'refused false']
    assert.deepEqual(await names(store), kept)
    await store.close()
    const again = await open()
    assert.deepEqual(await names(again), kept)
    await again.close()
  })

  it('bounds what one listing looks at and hands out', async () => {
    const { store, draft, open } = await setUp()
    for (let n = 0; n < 40; n++) store.history.add(draft(`large ${n}`, 60_000), [])
    const large = await store.history.list(USER, undefined, 200)
    assert.ok(large.records.length <= 17 && large.next !== undefined, 'a megabyte of events')
    for (let n = 0; n < 9000; n++) store.history.add(draft(`small ${n}`), [])
    const nothing = { ...USER, userEndpointId: 'phone' }
    const first = await store.history.list(nothing, undefined, 10)
    assert.equal(first.records.length, 0)
    assert.ok(first.next !== undefined && first.next > 4000, 'it stopped on the way')
    await store.close()
    const again = await open()
    assert.equal((await names(again)).length, 9040)
    await again.close()
  })

  it('a page counts what its endpoints take: events to a thousand devices make short pages, none of them lost', async () => {
    const { store, draft } = await setUp()
    const endpoints = Array.from({ length: 1_000 }, (_, n) => ({
      userEndpointId: `endpoint-${n}`,
      outcome: 'sent' as const,
    }))
    for (let n = 0; n < 40; n++) store.history.add(draft(`e${n}`), endpoints)
    const { records, next } = await store.history.list(USER, undefined, 200)
    assert(records.length >= 5 && records.length <= 8, `${records.length} on a page`)
    assert.notEqual(next, undefined)
    assert.equal((await names(store)).length, 40)
    await store.close()
  })
})
