import type { LifecycleEventType } from '@rollcall/protocol/lifecycle'
import type { FeedEntry, Store, WebhookLease } from '../store/store.ts'
import { type Batch, batchOf } from './batch.ts'

/** Entries looked at for one batch. */
const LOOKED_AT_MAX = 400

export type NextBatch = {
  readonly batch: Batch
  /** The last entry that is dealt with by it, sent or of no interest. */
  readonly lastSequence: number
  /** When it was first tried, at the latest. */
  readonly sinceWallMs: number
}

/**
 * The batch that a webhook gets next: the one that was begun, as it was, or the next entries of its types.
 * `undefined`: there is nothing, or the lease is somebody else's now.
 */
export async function nextBatch(
  { feed, webhooks }: Pick<Store, 'feed' | 'webhooks'>,
  lease: WebhookLease,
  types: ReadonlySet<LifecycleEventType>,
): Promise<NextBatch | undefined> {
  const { webhook } = lease
  for (;;) {
    const position = await webhooks.position(webhook)
    if (position === undefined) return undefined
    const read = await feed.read(webhook.organizationId, position.doneSequence, LOOKED_AT_MAX)
    const begun = position.batch
    const entries = begun === undefined ? read : read.filter(({ sequence }) => sequence <= begun.lastSequence)
    const batch = batchOf(
      webhook,
      entries.filter(({ type }) => types.has(type)),
    )
    const lastSequence = lastOf(batch, entries, types, begun?.lastSequence)
    if (batch === undefined && lastSequence === undefined) return undefined
    if (batch === undefined || lastSequence === undefined) {
      if (!(await webhooks.advance(lease, lastSequence ?? position.doneSequence))) return undefined
      continue
    }
    if (begun !== undefined) return { batch, lastSequence, sinceWallMs: begun.sinceWallMs }
    const { sinceWallMs } = (await webhooks.begin(lease, lastSequence)) ?? {}
    return sinceWallMs === undefined ? undefined : { batch, lastSequence, sinceWallMs }
  }
}

/**
 * Where a batch ends: at its last entry, or, where nothing of interest is left out, where it ended when it was begun
 * or at the last entry looked at.
 */
function lastOf(
  batch: Batch | undefined,
  entries: readonly FeedEntry[],
  types: ReadonlySet<LifecycleEventType>,
  begunSequence: number | undefined,
): number | undefined {
  const lastSent = batch?.entries.at(-1)?.sequence ?? 0
  const isLeftOut = ({ sequence, type }: FeedEntry): boolean => sequence > lastSent && types.has(type)
  return entries.some(isLeftOut) ? lastSent : (begunSequence ?? entries.at(-1)?.sequence)
}
