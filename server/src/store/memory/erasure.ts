import { concerns } from '../history-query.ts'
import type { ErasureStore, UserKey } from '../store.ts'
import type { Feed } from './feed/feed.ts'
import { assertOpen, type Gate } from './gate.ts'
import type { History } from './history/history.ts'
import type { Calls } from './mailboxes/call-book.ts'
import type { ReplyBook } from './mailboxes/replies.ts'
import type { Slot, Slots } from './registrations/slots.ts'

type Kept = {
  readonly slots: Slots
  readonly replies: ReplyBook
  readonly calls: Calls
  readonly history: History
  readonly feed: Feed
  readonly gate: Gate
}

export function memoryErasure(
  { slots, replies, calls, history, feed, gate }: Kept,
  end: (slot: Slot) => void,
): ErasureStore {
  return {
    async erase(user, rest) {
      assertOpen(gate)
      await rest?.()
      const own = [...slots.byId.values()].filter(({ registration }) => isOf(registration, user))
      const mailboxEvents = own.reduce((events, { mailbox }) => events + mailbox.length, 0)
      for (const slot of own) {
        end(slot)
        feed.links.delete(slot.registration.registrationId)
      }
      slots.lastSeen.delete(user)
      const entries = feed.entries.length
      feed.entries = feed.entries.filter((entry) => !isOf(entry, user))
      return {
        registrations: own.length,
        mailboxEvents,
        events: history.erase((draft) => concerns(draft, user)),
        calls: calls.erase(user),
        replies: replies.erase(user),
        feedEntries: entries - feed.entries.length,
        deadLetters: feed.deadLetters.erase((letter) => isOf(letter.entry, user)),
      }
    },
  }
}

function isOf(one: UserKey, { organizationId, userId }: UserKey): boolean {
  return one.organizationId === organizationId && one.userId === userId
}
