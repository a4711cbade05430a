import assert from 'node:assert/strict'
import type { FeedEntry, FeedStore, Watch } from '../../store.ts'
import type { Engine } from '../engine.ts'
import { numberKey } from '../keys.ts'
import type { FeedParts } from './feed-parts.ts'
import { decodeEntry } from './feed-row.ts'
import { tellReceipt, watchedReceipt } from './receipts.ts'

export function embeddedFeed(engine: Engine): FeedStore {
  const { feed: parts, table } = engine
  const { journal, rows, changes, webhooks, deadLetters, links } = parts
  const isLinkWatched = (organizationId: string) =>
    changes.isWatched(organizationId, 'UserEndpointConnectedEvent') ||
    changes.isWatched(organizationId, 'UserEndpointDisconnectedEvent')
  return {
    watch: (watches, nowWallMs) => watch(parts, watches, nowWallMs),
    isWatched: (organizationId, type) => changes.isWatched(organizationId, type),
    noteConnected(registration, atWallMs) {
      if (!isLinkWatched(registration.organizationId)) return
      links.connected(registration, atWallMs)
      changes.addLink('UserEndpointConnectedEvent', registration, 'subscribed', atWallMs)
    },
    noteDisconnected(registration, reason, atWallMs) {
      const connectedAtWallMs = links.disconnected(registration)
      const more = connectedAtWallMs === undefined ? {} : { connectedAtWallMs }
      changes.addLink('UserEndpointDisconnectedEvent', registration, reason, atWallMs, more)
    },
    noteExpired(registration, sequence, atWallMs) {
      const record = table.lookUp(registration)
      if (record === undefined) return
      const receipt = watchedReceipt(engine, 'UserEventExpiredEvent', record, sequence)
      tellReceipt(engine, 'UserEventExpiredEvent', record, receipt, atWallMs)
    },
    noteSignInLocked: (user, atWallMs) =>
      changes.add('SignInLockedEvent', { ...user, userEndpointId: '' }, 'too_many_attempts', atWallMs),
    onAdded(listener) {
      changes.onAdded = listener
    },
    read: (organizationId, afterSequence, max) => read(parts, organizationId, afterSequence, max),
    count: (organizationId, after, types) => changes.index(organizationId)?.count(after, types) ?? 0,
    position: (webhook) => webhooks.get(webhook),
    async begin(webhook, batch) {
      journal.assertWritable()
      webhooks.begin(webhook, batch)
      await journal.durable()
    },
    advance(webhook, sequence) {
      if (journal.isOpen && webhooks.advance(webhook, sequence))
        changes.trim(webhook.organizationId, webhooks.doneByAll(webhook.organizationId))
    },
    async bury(webhook, letters, sequence) {
      journal.assertWritable()
      if (webhooks.get(webhook) === undefined) return
      deadLetters.add(webhook, letters)
      webhooks.advance(webhook, sequence)
      changes.trim(webhook.organizationId, webhooks.doneByAll(webhook.organizationId))
      await journal.durable()
    },
    async deadLetters(webhook, afterSequence, max) {
      journal.assertReadable()
      return deadLetters.read(rows, webhook, afterSequence, max)
    },
    deadLetterSequences: (webhook) => deadLetters.sequences(webhook),
    async removeDeadLetters(webhook, sequences) {
      journal.assertWritable()
      if (deadLetters.remove(webhook, sequences)) await journal.durable()
    },
    totals() {
      const dropped = changes.totals.dropped + deadLetters.totals.dropped
      return { ...changes.totals, deadLetters: deadLetters.totals.deadLetters, dropped }
    },
  }
}

function watch(
  { sequences, changes, webhooks, deadLetters, links }: FeedParts,
  watches: readonly Watch[],
  nowWallMs: number,
): void {
  for (const gone of webhooks.watch(watches, sequences.newest)) deadLetters.forget(gone)
  changes.watch(watches)
  for (const { organizationId } of watches) changes.trim(organizationId, webhooks.doneByAll(organizationId))
  for (const { sequence: _registrationId, atWallMs: connectedAtWallMs, ...was } of links.takeLeftOver())
    if (changes.isWatched(was.organizationId, 'UserEndpointDisconnectedEvent'))
      changes.append({
        ...was,
        type: 'UserEndpointDisconnectedEvent',
        reason: 'server_restarted',
        atWallMs: nowWallMs,
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
