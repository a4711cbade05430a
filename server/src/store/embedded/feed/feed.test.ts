import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createFakeClock, type FakeClock } from '../../../../../test/helpers/fake-clock.ts'
import { FakeDisk } from '../../../../../test/helpers/fake-disk.ts'
import { linkOf } from '../../contract/entries.ts'
import { testFeedBounds } from '../../contract/feed-bounds.ts'
import { createMemoryStore } from '../../memory/memory.ts'
import type { FeedBounds, Store } from '../../store.ts'
import { openEmbeddedStore } from '../assembly.ts'

const engines: ReadonlyMap<string, (bounds: FeedBounds, clock: FakeClock) => Promise<Store>> = new Map([
  ['memory', async (feedBounds, clock) => createMemoryStore({ clock, feedBounds })],
  [
    'the embedded engine',
    (feedBounds, clock) => openEmbeddedStore({ rows: new FakeDisk().open(), clock, feedBounds }),
  ],
])

for (const [name, open] of engines)
  testFeedBounds(name, async (bounds) => {
    const clock = createFakeClock()
    const { wallMs, advance } = clock
    return { store: await open(bounds, clock), wallMs, advance }
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
