import type { Moment } from '../../moment.ts'
import type { Feed } from '../feed/feed.ts'
import type { Gate } from '../gate.ts'
import type { History } from '../history/history.ts'
import type { Neighbours } from '../registrations/neighbours.ts'
import type { Links, Slots } from '../registrations/slots.ts'
import type { Calls } from './call-book.ts'
import type { ReplyBook } from './replies.ts'

/** What mailboxes have to do with. */
export type MailboxParts = {
  readonly slots: Slots
  readonly links: Links
  readonly replies: ReplyBook
  readonly calls: Calls
  readonly history: History
  readonly feed: Feed
  readonly neighbours: Neighbours
  readonly gate: Gate
  readonly now: () => Moment
}
