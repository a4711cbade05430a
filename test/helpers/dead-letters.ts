import type { LifecycleEventType } from '@rollcall/protocol/lifecycle'
import { systemClock } from '../../server/src/clock/clock.ts'
import { openFolderStore } from '../../server/src/store/embedded/embedded.ts'
import { takeLease } from './webhook-lease.ts'

/** What a webhook of acme has not taken. */
export type Buried = {
  readonly webhookId: string
  /** Whose registrations it should have been told of: one dead letter each, oldest first. */
  readonly endpoints: readonly { readonly userId: string; readonly userEndpointId: string }[]
  readonly failure: string
  /** How long ago they happened. Default: now. */
  readonly happenedAgoMs?: number
  /** How long ago they were given up. Default: now. */
  readonly buriedAgoMs?: number
}

/**
 * Leaves a data folder with dead letters in it, before any server has it: the shortest time until a server makes some
 * is an hour.
 */
export async function bury(
  dataDir: string,
  { webhookId, endpoints, failure, happenedAgoMs = 0, buriedAgoMs = 0 }: Buried,
): Promise<void> {
  const now = systemClock()
  let agoMs = happenedAgoMs
  const clock = { ...now, wallMs: () => now.wallMs() - agoMs }
  const store = await openFolderStore({ dataDir, clock })
  const types = new Set<LifecycleEventType>(['UserEndpointRegisteredEvent'])
  await store.feed.watch([{ organizationId: 'acme', types, webhookIds: [webhookId] }])
  const wanted = { keepAliveSeconds: 600, serverKeepAliveReminderOn: false, authorizedUntilWallMs: 0 }
  for (const endpoint of endpoints) {
    await store.registrations.register({ organizationId: 'acme', ...endpoint, ...wanted }, 1_000)
  }
  const entries = await store.feed.read('acme', 0, endpoints.length)
  agoMs = buriedAgoMs
  const letters = entries.map((entry) => ({ entry, failure }))
  const lease = await takeLease(store, { organizationId: 'acme', webhookId })
  await store.webhooks.bury(lease, letters, entries.at(-1)?.sequence ?? 0)
  await store.close()
}
