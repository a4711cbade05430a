import type { LifecycleEventType } from '@rollcall/protocol/lifecycle'
import { systemClock } from '../../server/src/clock/clock.ts'
import { openLmdbStore } from '../../server/src/store/lmdb/lmdb.ts'

/** What a webhook of acme has not taken. */
export type Buried = {
  readonly webhookId: string
  /** Whose registrations it should have been told of: one dead letter each, oldest first. */
  readonly endpoints: readonly { readonly userId: string; readonly userEndpointId: string }[]
  readonly failure: string
}

/** Leaves a data folder with dead letters in it: the shortest time until there are some is an hour. */
export async function bury(dataDir: string, { webhookId, endpoints, failure }: Buried): Promise<void> {
  const clock = systemClock()
  const store = await openLmdbStore({ dataDir, clock })
  const types = new Set<LifecycleEventType>(['UserEndpointRegisteredEvent'])
  store.feed.watch([{ organizationId: 'acme', types, webhookIds: [webhookId] }], clock.wallMs())
  const wanted = { keepAliveSeconds: 600, serverKeepAliveReminderOn: false, authorizedUntilWallMs: 0 }
  for (const endpoint of endpoints) {
    const at = { nowMs: store.serviceTime.nowMs(), nowWallMs: clock.wallMs() }
    await store.registrations.register({ organizationId: 'acme', ...endpoint, ...wanted }, 1_000, at)
  }
  const entries = await store.feed.read('acme', 0, endpoints.length)
  const letters = entries.map((entry) => ({ entry, failure, buriedAtWallMs: clock.wallMs() }))
  await store.feed.bury({ organizationId: 'acme', webhookId }, letters, entries.at(-1)?.sequence ?? 0)
  await store.close()
}
