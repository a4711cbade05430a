import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFakeClock, type FakeClock } from '../../../../../test/helpers/fake-clock.ts'
import { FakeDisk } from '../../../../../test/helpers/fake-disk.ts'
import { takeLease } from '../../../../../test/helpers/webhook-lease.ts'
import { linkOf } from '../../contract/entries.ts'
import { createMemoryStore } from '../../memory/memory.ts'
import type { Store } from '../../store.ts'
import { openEmbeddedStore } from '../assembly.ts'

const BOUNDS = {
  organizationEntriesMax: 5,
  organizationBytesMax: 1_000_000,
  entriesMax: 8,
  deadLettersMax: 3,
}
const HOOK = { organizationId: 'acme', webhookId: 'h' }
const TYPES = new Set(['UserEndpointRegisteredEvent'] as const)

function watch(store: Store, ...organizationIds: readonly string[]): Promise<void> {
  return store.feed.watch(
    organizationIds.map((organizationId) => ({ organizationId, types: TYPES, webhookIds: ['h'] })),
  )
}

async function register(store: Store, organizationId: string, count: number, from = 0): Promise<void> {
  for (let index = from; index < from + count; index++) {
    const endpoint = { organizationId, userId: 'alice', userEndpointId: `${organizationId}-${index}` }
    const wanted = { keepAliveSeconds: 600, serverKeepAliveReminderOn: false, authorizedUntilWallMs: 0 }
    await store.registrations.register({ ...endpoint, ...wanted }, 1000)
  }
}

async function endpoints(store: Store, organizationId: string): Promise<readonly string[]> {
  const entries = await store.feed.read(organizationId, 0, 100)
  return entries.map(({ userEndpointId, dropped }) =>
    dropped === undefined ? userEndpointId : `-${dropped}`,
  )
}

const engines: ReadonlyMap<string, (bounds: typeof BOUNDS, clock?: FakeClock) => Promise<Store>> = new Map([
  ['memory', async (feedBounds, clock = createFakeClock()) => createMemoryStore({ clock, feedBounds })],
  [
    'the embedded engine',
    (feedBounds, clock = createFakeClock()) =>
      openEmbeddedStore({ rows: new FakeDisk().open(), clock, feedBounds }),
  ],
])

for (const [name, open] of engines)
  describe(`bounds of the feed: ${name}`, () => {
    it('an organization that is over its own loses its oldest, and nobody else does', async () => {
      const store = await open(BOUNDS)
      await watch(store, 'acme', 'globex')
      await register(store, 'globex', 2)
      await register(store, 'acme', 7)
      assert.deepEqual(await endpoints(store, 'acme'), [
        '-2',
        'acme-2',
        'acme-3',
        'acme-4',
        'acme-5',
        'acme-6',
      ])
      assert.deepEqual(await endpoints(store, 'globex'), ['globex-0', 'globex-1'])
      const { entries } = await store.feed.totals()
      assert.deepEqual([entries, store.gauges.evicted().feedEvents], [7, 2])
      await store.close()
    })

    it('a gap stands for all that was dropped, until somebody has read it', async () => {
      const clock = createFakeClock()
      const store = await open(BOUNDS, clock)
      await watch(store, 'acme')
      const startMs = clock.wallMs()
      for (let count = 0; count < 8; count++) {
        await clock.advance(1000)
        await register(store, 'acme', 1, count)
      }
      const [gap, ...rest] = await store.feed.read('acme', 0, 100)
      assert.equal(rest.length, 5)
      assert(gap !== undefined && gap.fromWallMs !== undefined)
      const { type, reason, userId, userEndpointId, dropped, fromWallMs, atWallMs } = gap
      assert.deepEqual([type, reason, userId, userEndpointId], ['FeedGapEvent', 'feed_full', '', ''])
      assert.deepEqual([dropped, fromWallMs - startMs, atWallMs - startMs], [3, 1000, 3000])
      // It may have been sent: what is dropped from now on is another gap.
      await register(store, 'acme', 2, 8)
      const again = await store.feed.read('acme', 0, 100)
      assert.deepEqual(
        again.map((entry) => entry.dropped),
        [3, 2, undefined, undefined, undefined, undefined, undefined],
      )
      assert.deepEqual(again[0], gap)
      await store.webhooks.advance(await takeLease(store, HOOK), again[1]?.sequence ?? 0)
      assert.equal((await store.feed.read('acme', 0, 100)).length, 5, 'told, and gone')
      await store.close()
    })

    it('past the bound of all, the organization with the most does', async () => {
      const store = await open(BOUNDS)
      await watch(store, 'acme', 'globex', 'initech')
      await register(store, 'acme', 5)
      await register(store, 'globex', 2)
      await register(store, 'initech', 3)
      assert.deepEqual(await endpoints(store, 'acme'), ['-2', 'acme-2', 'acme-3', 'acme-4'])
      assert.equal((await endpoints(store, 'initech')).length, 3)
      assert.equal(store.gauges.evicted().feedEvents, 2)
      await store.close()
    })

    it('bytes count too', async () => {
      const store = await open({ ...BOUNDS, organizationBytesMax: 500 })
      await watch(store, 'acme')
      await register(store, 'acme', 5)
      const { bytes } = await store.feed.totals()
      const { feedEvents: dropped } = store.gauges.evicted()
      assert(bytes <= 500 && dropped > 0, `${bytes} bytes, ${dropped} dropped`)
      assert.equal((await endpoints(store, 'acme')).at(-1), 'acme-4')
      await store.close()
    })

    it('of dead letters the oldest go', async () => {
      const store = await open(BOUNDS)
      await watch(store, 'acme')
      await register(store, 'acme', 5)
      const entries = await store.feed.read('acme', 0, 5)
      const letters = entries.map((entry) => ({ entry, failure: 'timeout' }))
      await store.webhooks.bury(await takeLease(store, HOOK), letters, entries.at(-1)?.sequence ?? 0)
      assert.deepEqual(
        await store.deadLetters.sequences(HOOK),
        entries.slice(2).map(({ sequence }) => sequence),
      )
      const { deadLetters } = await store.feed.totals()
      assert.deepEqual([deadLetters, store.gauges.evicted().feedEvents], [3, 2])
      await store.close()
    })
  })

it('what is told while the disk fails is there when it works again, in order', async () => {
  const disk = new FakeDisk()
  const clock = createFakeClock()
  const store = await openEmbeddedStore({ rows: disk.open(), clock })
  const types = new Set(['UserEndpointConnectedEvent'] as const)
  await store.feed.watch([{ organizationId: 'acme', types, webhookIds: ['h'] }])
  const endpoint = { organizationId: 'acme', userId: 'alice', userEndpointId: 'phone' }
  const wanted = { keepAliveSeconds: 600, serverKeepAliveReminderOn: false, authorizedUntilWallMs: 0 }
  const outcome = await store.registrations.register({ ...endpoint, ...wanted }, 9)
  assert(outcome.kind === 'registered')
  disk.failure = new Error('EIO')
  const startedAtWallMs = clock.wallMs()
  await store.links.attach(outcome.registration, linkOf(1))
  await clock.advance(1000)
  await assert.rejects(store.feed.read('acme', 0, 9), { code: 'unavailable' })
  await store.links.attach(outcome.registration, linkOf(2))
  disk.failure = undefined
  await clock.advance(6000)
  assert.deepEqual(
    (await store.feed.read('acme', 0, 9)).map(({ atWallMs }) => atWallMs),
    [startedAtWallMs, startedAtWallMs + 1000],
  )
  await store.close()
})
