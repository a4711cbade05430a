import type { Clock, ServiceTime } from '../../../clock/clock.ts'
import type { Leases } from '../../leases.ts'
import type { WebhookLease, WebhookStore } from '../../store.ts'
import { assertOpen, type Gate } from '../gate.ts'
import type { Feed } from './feed.ts'
import { webhookName } from './positions.ts'

export function memoryWebhooks(
  feed: Feed,
  { nowMs, wall }: ServiceTime,
  clock: Pick<Clock, 'wallMs'>,
  gate: Gate,
  leases: Leases,
  self: () => string | undefined,
): WebhookStore {
  const { positions, deadLetters } = feed
  const isHeld = (lease: WebhookLease): boolean => {
    assertOpen(gate)
    return leases.holds(lease, nowMs())
  }
  return {
    async list() {
      assertOpen(gate)
      return positions.all
    },
    async position(webhook) {
      assertOpen(gate)
      return positions.get(webhook)
    },
    async lease(webhook, forMs, held) {
      assertOpen(gate)
      return positions.get(webhook) && leases.take(webhook, forMs, held, nowMs(), self())
    },
    async release(lease) {
      assertOpen(gate)
      leases.release(lease)
    },
    async begin(lease, lastSequence) {
      if (!isHeld(lease)) return undefined
      const batch = { lastSequence, sinceWallMs: wall.latestMs() }
      positions.begin(lease.webhook, batch)
      return batch
    },
    async advance(lease, sequence) {
      if (!isHeld(lease)) return false
      feed.advance(lease.webhook, sequence)
      return true
    },
    async bury(lease, letters, sequence) {
      if (!isHeld(lease)) return false
      const buriedAtWallMs = clock.wallMs()
      const buried = letters.map((letter) => ({ ...letter, buriedAtWallMs }))
      deadLetters.add(webhookName(lease.webhook), buried)
      feed.advance(lease.webhook, sequence)
      return true
    },
    async forget(webhook) {
      assertOpen(gate)
      feed.forget(webhook, self())
      if (positions.get(webhook) === undefined) leases.forget(webhook)
    },
  }
}
