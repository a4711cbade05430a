import assert from 'node:assert/strict'
import type { Store, WebhookKey, WebhookLease } from '../../server/src/store/store.ts'

/** Longer than a test that takes it has use for it. */
const LEASE_MS = 3_600_000

/** The lease of a webhook that nobody else has. */
export async function takeLease(store: Pick<Store, 'webhooks'>, webhook: WebhookKey): Promise<WebhookLease> {
  const lease = await store.webhooks.lease(webhook, LEASE_MS)
  assert(lease !== undefined, `somebody has the lease of ${webhook.webhookId}, or it is not known`)
  return lease
}
