import { afterThisTurn } from '../../clock/clock.ts'
import type { Erased, ErasureStore, UserKey } from '../store.ts'
import { type Engine, momentOf, removeRegistration } from './engine.ts'
import { eraseFeed } from './feed/feed-erase.ts'
import { eraseHistory } from './history/history-erase.ts'
import type { HistoryRetention } from './history/history-retention.ts'
import { userName } from './keys.ts'
import type { ReplyBook } from './mailboxes/replies.ts'

export function embeddedErasure(
  engine: Engine,
  replies: ReplyBook,
  retention: HistoryRetention,
): ErasureStore {
  const { calls, feed, history: book, journal, lastSeen, rows } = engine
  return {
    async erase(user, nextTurn = oneTurn) {
      journal.assertWritable()
      await nextTurn()
      const ended = endAll(engine, user)
      const erasedCalls = calls.erase(user)
      // From here on everything that was said of it is in a row.
      await journal.durable()
      const erasedReplies = await replies.erase(user, rows)
      const events = await eraseHistory({ book, retention, journal, nextTurn }, user)
      const told = await eraseFeed(feed, user, nextTurn)
      lastSeen.erase(userName(user))
      await journal.durable()
      return { ...ended, calls: erasedCalls, replies: erasedReplies, events, ...told }
    },
  }
}

function oneTurn(): Promise<void> {
  return new Promise((resolve) => afterThisTurn(resolve))
}

/** Those that have expired and were not swept yet too. */
function endAll(engine: Engine, user: UserKey): Pick<Erased, 'registrations' | 'mailboxEvents'> {
  const records = engine.table.allOf(user)
  const mailboxEvents = records.reduce((events, { mailbox }) => events + (mailbox?.depth ?? 0), 0)
  const at = momentOf(engine)
  for (const record of records) {
    removeRegistration(engine, record, 'erased', at)
    engine.feed.links.disconnected(record)
  }
  return { registrations: records.length, mailboxEvents }
}
