import { RollcallError } from '@rollcall/protocol/error-code'
import { concerns } from '../../history-query.ts'
import type { UserKey } from '../../store.ts'
import type { Journal } from '../journal/journal.ts'
import type { HistoryBook } from './history-book.ts'
import { conditionsOf, placesOf } from './history-conditions.ts'
import type { HistoryRetention } from './history-retention.ts'
import type { KeptBlock } from './history-shares.ts'

export type EraseParts = {
  readonly book: HistoryBook
  readonly retention: HistoryRetention
  readonly journal: Journal
  readonly nextTurn: () => Promise<void>
}

/** How often a block is tried again that was written anew just now, for other reasons. */
const TRIES_MAX = 5

/**
 * Writes every block of the index anew that has records of a user, without them. The index says which may: of the others
 * nothing is read but that.
 *
 * @returns how many records went; whoever calls waits for the journal once more
 */
export async function eraseHistory(parts: EraseParts, user: UserKey): Promise<number> {
  const { book, retention, journal, nextTurn } = parts
  while (!book.shares.isTold) {
    retention.tellOn()
    await nextTurn()
  }
  const conditions = conditionsOf({ organizationId: user.organizationId, involvedUserId: user.userId })
  book.endOpen((open) => placesOf(open, conditions, open.records).length > 0)
  await journal.durable()
  let erased = 0
  for (const block of [...book.shares.blocks]) {
    const index = book.block(block.number)
    if (index === undefined || placesOf(index, conditions, index.records).length === 0) continue
    erased += await eraseOf(parts, block, user)
    await nextTurn()
  }
  return erased
}

async function eraseOf(
  { book, retention, journal }: EraseParts,
  block: KeptBlock,
  user: UserKey,
): Promise<number> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    // It may be dropped meanwhile, for its age or for its bytes.
    if (!book.shares.blocks.includes(block)) return 0
    let gone = 0
    const done = retention.erase(block, ({ draft }) => {
      const isGone = concerns(draft, user)
      if (isGone) gone++
      return !isGone
    })
    if (done) return gone
    await journal.durable()
  }
  throw new RollcallError('unavailable', 'The history changes too fast.', { retryAfterSeconds: 1 })
}
