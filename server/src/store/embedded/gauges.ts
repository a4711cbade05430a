import { ENTRY_BYTES } from '../bounds.ts'
import type { StoreGauges } from '../store.ts'
import type { Engine } from './engine.ts'
import type { ReplyBook } from './mailboxes/replies.ts'
import type { FamilyBook } from './tokens/family-book.ts'

export function embeddedGauges(
  { feed, history, lastSeen, payloads, table }: Engine,
  replies: ReplyBook,
  families: FamilyBook,
): StoreGauges {
  return {
    mailboxDiskBytes(organizationId) {
      const { mailboxBytes, mailboxEvents } = table.totals(organizationId)
      return mailboxBytes + mailboxEvents * ENTRY_BYTES - payloads.savedBytes(organizationId)
    },
    evicted: () => ({
      idempotencyKeys: replies.evicted,
      feedEvents: feed.changes.dropped + feed.deadLetters.dropped,
      signIns: families.evicted,
      lastSeen: lastSeen.evicted,
      historyBytes: history.shares.evictedBytes,
    }),
  }
}
