import type { DeadLetterStore } from '../../store.ts'
import type { FeedParts } from './feed-parts.ts'

export function embeddedDeadLetters({ journal, rows, deadLetters }: FeedParts): DeadLetterStore {
  return {
    async list(webhook, afterSequence, max) {
      journal.assertReadable()
      return deadLetters.read(rows, webhook, afterSequence, max)
    },
    async sequences(webhook) {
      journal.assertOpen()
      return deadLetters.sequences(webhook)
    },
    async remove(webhook, sequences) {
      journal.assertWritable()
      if (deadLetters.remove(webhook, sequences)) await journal.durable()
    },
  }
}
