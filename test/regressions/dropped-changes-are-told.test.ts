import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openEmbeddedStore } from '../../server/src/store/embedded/embedded.ts'
import { feedBounds } from '../../server/src/store/store.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'
import { FakeDisk } from '../helpers/fake-disk.ts'

test('a gap is as durable as what stands around it, and goes on after a crash', async () => {
  const clock = createFakeClock()
  const disk = new FakeDisk()
  const bounds = feedBounds(3, 1_000)
  const open = async () => {
    const rows = disk.open()
    const store = await openEmbeddedStore({ rows, clock, feedBounds: bounds })
    const types = new Set(['UserEndpointRegisteredEvent'] as const)
    await store.feed.watch([{ organizationId: 'acme', types, webhookIds: ['h'] }])
    const register = async (from: number, count: number) => {
      for (let index = from; index < from + count; index++) {
        const endpoint = { organizationId: 'acme', userId: 'alice', userEndpointId: String(index) }
        const wanted = { keepAliveSeconds: 600, serverKeepAliveReminderOn: false, authorizedUntilWallMs: 0 }
        await store.registrations.register({ ...endpoint, ...wanted }, 1000)
      }
    }
    const told = async () =>
      (await store.feed.read('acme', 0, 100)).map((entry) => entry.dropped ?? entry.userEndpointId)
    return { rows, store, register, told }
  }
  const first = await open()
  await first.register(0, 7)
  assert.deepEqual(await first.told(), [4, '4', '5', '6'])
  first.rows.die()
  const second = await open()
  assert.deepEqual(await second.told(), [4, '4', '5', '6'])
  assert.equal((await second.store.feed.totals()).entries, 3, 'what stands for others counts to nothing')
  // The first may have been sent before the crash: it stays as it is.
  await second.register(7, 2)
  assert.deepEqual(await second.told(), [4, 2, '6', '7', '8'])
  await second.store.close()
})
