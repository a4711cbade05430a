import type { UserKey } from '../../store.ts'
import { numberKey } from '../keys.ts'
import type { FeedParts } from './feed-parts.ts'
import { decodeEntry } from './feed-row.ts'

/** Rows read before everybody else gets a turn. */
const READ_MAX = 500

/** Removes what the feed and the dead letters say of a user, as far as it is on disk. */
export async function eraseFeed(
  parts: FeedParts,
  user: UserKey,
  nextTurn: () => Promise<void>,
): Promise<{ readonly feedEntries: number; readonly deadLetters: number }> {
  return {
    feedEntries: await eraseEntries(parts, user, nextTurn),
    deadLetters: await eraseLetters(parts, user, nextTurn),
  }
}

async function eraseEntries(
  { changes, rows }: FeedParts,
  { organizationId, userId }: UserKey,
  nextTurn: () => Promise<void>,
): Promise<number> {
  let erased = 0
  for (let after = 0; ; await nextTurn()) {
    const entries = changes.index(organizationId)?.after(after, READ_MAX) ?? []
    for (const entry of entries) {
      const row = rows.get('feed', numberKey(entry.sequence))
      if (row === undefined || decodeEntry(entry.sequence, row).userId !== userId) continue
      changes.erase(organizationId, entry)
      erased++
    }
    after = entries.at(-1)?.sequence ?? after
    if (entries.length < READ_MAX) return erased
  }
}

async function eraseLetters(
  { deadLetters, rows, webhooks }: FeedParts,
  { organizationId, userId }: UserKey,
  nextTurn: () => Promise<void>,
): Promise<number> {
  let erased = 0
  for (const webhook of [...webhooks.all].filter((one) => one.organizationId === organizationId))
    for (let after = 0; ; await nextTurn()) {
      const letters = await deadLetters.read(rows, webhook, after, READ_MAX)
      const own = letters.filter(({ entry }) => entry.userId === userId)
      deadLetters.remove(
        webhook,
        own.map(({ entry }) => entry.sequence),
      )
      erased += own.length
      after = letters.at(-1)?.entry.sequence ?? after
      if (letters.length < READ_MAX) break
    }
  return erased
}
