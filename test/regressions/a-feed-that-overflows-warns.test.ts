import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openEmbeddedStore } from '../../server/src/store/embedded/embedded.ts'
import { feedBounds } from '../../server/src/store/store.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'
import { FakeDisk } from '../helpers/fake-disk.ts'

const FULL = 'changes for webhooks are lost: the feed is full, and the oldest are dropped'

test('each organization that loses changes for its webhooks is warned of, once a minute', async () => {
  const clock = createFakeClock()
  const warned: object[] = []
  const log = {
    error: () => undefined,
    info: () => assert.fail('not an info line'),
    warn: (message: string, fields: object) => void warned.push({ message, ...fields }),
  }
  const bounds = feedBounds(3, 1_000)
  const store = await openEmbeddedStore({ rows: new FakeDisk().open(), clock, log, feedBounds: bounds })
  const watch = (...ids: readonly string[]) => {
    const types = new Set(['UserEndpointRegisteredEvent'] as const)
    return store.feed.watch(ids.map((organizationId) => ({ organizationId, types, webhookIds: ['h'] })))
  }
  let count = 0
  const register = async (organizationId: string, more: number) => {
    for (let n = 0; n < more; n++) {
      const endpoint = { organizationId, userId: 'alice', userEndpointId: String(count++) }
      const wanted = { keepAliveSeconds: 600, serverKeepAliveReminderOn: false, authorizedUntilWallMs: 0 }
      await store.registrations.register({ ...endpoint, ...wanted }, 1000)
    }
  }
  await watch('acme', 'globex')
  await register('acme', 3)
  assert.deepEqual(warned, [])
  await register('acme', 2)
  await register('globex', 4)
  assert.deepEqual(warned, [
    { message: FULL, organizationId: 'acme', dropped: 1 },
    { message: FULL, organizationId: 'globex', dropped: 3 },
  ])
  await clock.advance(60_000)
  await register('acme', 2)
  assert.deepEqual(warned.slice(2), [{ message: FULL, organizationId: 'acme', dropped: 4 }])
  assert.equal(store.gauges.evicted().feedEvents, 5)
  await store.close()
})

test('bytes are bounded in proportion to the events that are configured, and never less than before', () => {
  const mebibytes = (eventsMax: number) => feedBounds(eventsMax, 1_000_000).organizationBytesMax / 1024 ** 2
  assert.deepEqual([1_000, 100_000, 1_000_000].map(mebibytes), [32, 32, 320])
})
