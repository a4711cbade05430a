import assert from 'node:assert/strict'
import type { FeedEntry, FeedStore, Watch } from '../../store.ts'
import type { Engine } from '../engine.ts'
import { numberKey } from '../keys.ts'
import { type FeedParts, trim } from './feed-parts.ts'
import { decodeEntry } from './feed-row.ts'

export function embeddedFeed(engine: Engine): FeedStore {
  const { clock, feed: parts } = engine
  const { journal, changes, deadLetters } = parts
  return {
    async watch(watches) {
      journal.assertOpen()
      watch(engine, watches)
    },
    async noteSignInLocked(user) {
      journal.assertOpen()
      const nobody = { ...user, userEndpointId: '' }
      changes.add('SignInLockedEvent', nobody, 'too_many_attempts', clock.wallMs())
    },
    onAdded(listener) {
      changes.listeners.add(listener)
      return () => void changes.listeners.delete(listener)
    },
    read: (organizationId, afterSequence, max) => read(parts, organizationId, afterSequence, max),
    async count(organizationId, after, types) {
      journal.assertOpen()
      return changes.index(organizationId)?.count(after, types) ?? 0
    },
    async totals() {
      journal.assertOpen()
      return { ...changes.totals, deadLetters: deadLetters.count }
    },
  }
}

function watch({ clock, feed }: Engine, watches: readonly Watch[]): void {
  const { sequences, changes, webhooks, links } = feed
  webhooks.watch(watches, sequences.newest)
  changes.watch(watches)
  for (const organizationId of changes.organizations) trim(feed, organizationId)
  for (const { sequence: _registrationId, atWallMs: connectedAtWallMs, ...was } of links.takeLeftOver())
    if (changes.isWatched(was.organizationId, 'UserEndpointDisconnectedEvent'))
      changes.append({
        ...was,
        type: 'UserEndpointDisconnectedEvent',
        reason: 'server_restarted',
        atWallMs: clock.wallMs(),
        connectedAtWallMs,
      })
}

async function read(
  { journal, rows, changes }: FeedParts,
  organizationId: string,
  afterSequence: number,
  max: number,
): Promise<readonly FeedEntry[]> {
  journal.assertReadable()
  if (!journal.isDurable(changes.index(organizationId)?.newestCommit ?? 0)) await journal.durable()
  journal.assertReadable()
  const entries: FeedEntry[] = []
  for (const indexed of changes.index(organizationId)?.after(afterSequence, max) ?? []) {
    const { sequence, commit } = indexed
    const row = rows.get('feed', numberKey(sequence))
    if (row === undefined) {
      // Added while this waited, and not on disk yet. Anything else must never happen.
      assert(!journal.isDurable(commit), 'an entry of the feed has no row')
      break
    }
    indexed.isRead = true
    entries.push(decodeEntry(sequence, row))
  }
  return entries
}
