import { ENTRY_BYTES } from '../bounds.ts'
import type { StoreGauges } from '../store.ts'
import type { Engine } from './engine.ts'
import type { ReplyBook } from './mailboxes/replies.ts'

export function embeddedGauges({ feed, history, payloads, table }: Engine, replies: ReplyBook): StoreGauges {
  return {
    mailboxDiskBytes(organizationId) {
      const { mailboxBytes, mailboxEvents } = table.totals(organizationId)
      return mailboxBytes + mailboxEvents * ENTRY_BYTES - payloads.savedBytes(organizationId)
    },
    evicted: () => ({
      idempotencyKeys: replies.evicted,
      feedEvents: feed.changes.dropped + feed.deadLetters.dropped,
      historyBytes: history.shares.evictedBytes,
    }),
  }
}
