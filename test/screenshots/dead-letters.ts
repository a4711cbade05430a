import { systemClock } from '../../server/src/clock/clock.ts'
import { openLmdbStore } from '../../server/src/store/lmdb/lmdb.ts'

const DEVICES = [
  ['alice', 'alices-phone'],
  ['alice', 'alices-laptop'],
  ['carla', 'carlas-phone'],
  ['emma', 'emmas-tablet'],
  ['farid', 'farids-phone'],
  ['hugo', 'hugos-phone'],
] as const
const HOUR_MS = 3_600_000
/** When they happened: a day, which is how long they are tried, and a little more. */
const HAPPENED_AGO_MS = 25 * HOUR_MS

/**
 * Leaves a data folder with dead letters of a webhook in it, before any server has it: the shortest time until a
 * server makes some is an hour.
 */
export async function buryDeadLetters(dataDir: string, webhookId: string): Promise<void> {
  const now = systemClock()
  const clock = { ...now, wallMs: () => now.wallMs() - HAPPENED_AGO_MS }
  const store = await openLmdbStore({ dataDir, clock })
  const types = new Set(['UserEndpointRegisteredEvent'] as const)
  store.feed.watch([{ organizationId: 'acme', types, webhookIds: [webhookId] }], clock.wallMs())
  const at = { nowMs: store.serviceTime.nowMs(), nowWallMs: clock.wallMs() }
  for (const [userId, userEndpointId] of DEVICES) {
    const endpoint = { organizationId: 'acme', userId, userEndpointId }
    const wanted = { keepAliveSeconds: 60, serverKeepAliveReminderOn: false, authorizedUntilWallMs: 0 }
    await store.registrations.register({ ...endpoint, ...wanted }, 100, at)
  }
  const entries = await store.feed.read('acme', 0, DEVICES.length)
  const buriedAtWallMs = now.wallMs() - HOUR_MS
  const letters = entries.map((entry) => ({ entry, failure: 'status_503', buriedAtWallMs }))
  await store.feed.bury({ organizationId: 'acme', webhookId }, letters, entries.at(-1)?.sequence ?? 0)
  await store.close()
}
