import type { Clock } from '../../../clock/clock.ts'
import type { FeedBounds } from '../../store.ts'
import type { StoreLog } from '../../store-log.ts'
import type { Journal } from '../journal/journal.ts'
import type { Rows } from '../rows.ts'
import { DeadLetterBook } from './dead-letter-book.ts'
import { FeedBook } from './feed-book.ts'
import { FeedSequences } from './feed-sequences.ts'
import { LinkBook } from './link-book.ts'
import { WebhookBook } from './webhook-book.ts'

/** What memory knows of the feed, and what it is written through. */
export type FeedParts = {
  readonly journal: Journal
  readonly rows: Rows
  readonly sequences: FeedSequences
  readonly changes: FeedBook
  readonly webhooks: WebhookBook
  readonly deadLetters: DeadLetterBook
  readonly links: LinkBook
}

export type FeedOptions = {
  readonly journal: Journal
  readonly rows: Rows
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly log: StoreLog
  readonly bounds: FeedBounds
}

/** Reads what memory has to know of the feed. */
export async function loadFeed({ journal, rows, clock, log, bounds }: FeedOptions): Promise<FeedParts> {
  const sequences = new FeedSequences(journal, rows)
  const changes = new FeedBook({ journal, sequences, clock, log, bounds })
  const webhooks = new WebhookBook(journal)
  const deadLetters = new DeadLetterBook(journal, bounds.deadLettersMax)
  const links = new LinkBook(journal)
  await changes.load(rows)
  await webhooks.load(rows)
  await deadLetters.load(rows, webhooks.all)
  await links.load(rows)
  return { journal, rows, sequences, changes, webhooks, deadLetters, links }
}

/** Removes the entries of an organization that every webhook of it is past. */
export function trim({ changes, webhooks }: FeedParts, organizationId: string): void {
  changes.trim(organizationId, webhooks.doneByAll(organizationId))
}
