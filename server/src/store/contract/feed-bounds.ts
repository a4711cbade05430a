import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FeedBounds, Store, WebhookLease } from '../store.ts'
import type { StoreUnderTest } from './scene.ts'

const BOUNDS: FeedBounds = {
  organizationEntriesMax: 5,
  organizationBytesMax: 1_000_000,
  entriesMax: 8,
  deadLettersMax: 3,
}
/** Longer than whoever takes a lease has use for it. */
const LEASE_MS = 3_600_000
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

async function takeLease({ webhooks }: Store): Promise<WebhookLease> {
  const lease = await webhooks.lease(HOOK, LEASE_MS)
  assert(lease !== undefined)
  return lease
}

type UnderTest = Pick<StoreUnderTest, 'store' | 'wallMs' | 'advance'>

type Open = (bounds: FeedBounds) => Promise<UnderTest>

const cases: { readonly [guarantee: string]: (open: Open) => Promise<void> } = {
  'an organization that is over its own loses its oldest, and nobody else does': async (open) => {
    const { store } = await open(BOUNDS)
    await watch(store, 'acme', 'globex')
    await register(store, 'globex', 2)
    await register(store, 'acme', 7)
    assert.deepEqual(await endpoints(store, 'acme'), ['-2', 'acme-2', 'acme-3', 'acme-4', 'acme-5', 'acme-6'])
    assert.deepEqual(await endpoints(store, 'globex'), ['globex-0', 'globex-1'])
    const { entries } = await store.feed.totals()
    assert.deepEqual([entries, store.gauges.evicted().feedEvents], [7, 2])
    await store.close()
  },

  'a gap stands for all that was dropped, until somebody has read it': async (open) => {
    const under = await open(BOUNDS)
    const { store } = under
    await watch(store, 'acme')
    const startMs = under.wallMs()
    for (let count = 0; count < 8; count++) {
      await under.advance(1000)
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
    await store.webhooks.advance(await takeLease(store), again[1]?.sequence ?? 0)
    assert.equal((await store.feed.read('acme', 0, 100)).length, 5, 'told, and gone')
    await store.close()
  },

  'past the bound of all, the organization with the most does': async (open) => {
    const { store } = await open(BOUNDS)
    await watch(store, 'acme', 'globex', 'initech')
    await register(store, 'acme', 5)
    await register(store, 'globex', 2)
    await register(store, 'initech', 3)
    assert.deepEqual(await endpoints(store, 'acme'), ['-2', 'acme-2', 'acme-3', 'acme-4'])
    assert.equal((await endpoints(store, 'initech')).length, 3)
    assert.equal(store.gauges.evicted().feedEvents, 2)
    await store.close()
  },

  'bytes count too': async (open) => {
    const { store } = await open({ ...BOUNDS, organizationBytesMax: 500 })
    await watch(store, 'acme')
    await register(store, 'acme', 5)
    const { bytes } = await store.feed.totals()
    const { feedEvents: dropped } = store.gauges.evicted()
    assert(bytes <= 500 && dropped > 0, `${bytes} bytes, ${dropped} dropped`)
    assert.equal((await endpoints(store, 'acme')).at(-1), 'acme-4')
    await store.close()
  },

  'of dead letters the oldest go': async (open) => {
    const { store } = await open(BOUNDS)
    await watch(store, 'acme')
    await register(store, 'acme', 5)
    const entries = await store.feed.read('acme', 0, 5)
    const letters = entries.map((entry) => ({ entry, failure: 'timeout' }))
    await store.webhooks.bury(await takeLease(store), letters, entries.at(-1)?.sequence ?? 0)
    assert.deepEqual(
      await store.deadLetters.sequences(HOOK),
      entries.slice(2).map(({ sequence }) => sequence),
    )
    const { deadLetters } = await store.feed.totals()
    assert.deepEqual([deadLetters, store.gauges.evicted().feedEvents], [3, 2])
    await store.close()
  },
}

/** Tries what a feed does that is full, each time on an empty store with the bounds that it is given. */
export function testFeedBounds(name: string, open: Open, { skip }: { readonly skip?: string } = {}): void {
  describe(`bounds of the feed: ${name}`, { skip: skip ?? false }, () => {
    for (const [guarantee, tryIt] of Object.entries(cases)) it(guarantee, () => tryIt(open))
  })
}
