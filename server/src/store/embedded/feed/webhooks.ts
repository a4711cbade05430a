import { Leases } from '../../leases.ts'
import type { WebhookKey, WebhookLease, WebhookStore } from '../../store.ts'
import type { Engine } from '../engine.ts'
import { trim } from './feed-parts.ts'

export function embeddedWebhooks({ clock, feed, serviceTime }: Engine): WebhookStore {
  const { journal, webhooks, deadLetters } = feed
  const { nowMs, wall } = serviceTime
  const leases = new Leases()
  const isHeld = (lease: WebhookLease): boolean => leases.holds(lease, nowMs())
  const advance = (webhook: WebhookKey, sequence: number): void => {
    if (webhooks.advance(webhook, sequence)) trim(feed, webhook.organizationId)
  }
  return {
    async list() {
      journal.assertOpen()
      return webhooks.all
    },
    async position(webhook) {
      journal.assertOpen()
      return webhooks.get(webhook)
    },
    async lease(webhook, forMs, held) {
      journal.assertWritable()
      return webhooks.get(webhook) && leases.take(webhook, forMs, held, nowMs())
    },
    async release(lease) {
      journal.assertOpen()
      leases.release(lease)
    },
    async begin(lease, lastSequence) {
      journal.assertWritable()
      if (!isHeld(lease)) return undefined
      const batch = { lastSequence, sinceWallMs: wall.latestMs() }
      webhooks.begin(lease.webhook, batch)
      await journal.durable()
      return batch
    },
    async advance(lease, sequence) {
      journal.assertOpen()
      if (!isHeld(lease)) return false
      advance(lease.webhook, sequence)
      return true
    },
    async bury(lease, letters, sequence) {
      journal.assertWritable()
      if (!isHeld(lease)) return false
      const buriedAtWallMs = clock.wallMs()
      const buried = letters.map((letter) => ({ ...letter, buriedAtWallMs }))
      deadLetters.add(lease.webhook, buried)
      advance(lease.webhook, sequence)
      await journal.durable()
      return true
    },
    async forget(webhook) {
      journal.assertOpen()
      leases.forget(webhook)
      webhooks.forget(webhook)
      deadLetters.forget(webhook)
      trim(feed, webhook.organizationId)
    },
  }
}
