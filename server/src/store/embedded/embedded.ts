import { join } from 'node:path'
import type { Clock } from '../../clock/clock.ts'
import type { HistoryBounds } from '../bounds.ts'
import type { FeedBounds, OnMailboxEnded, Store } from '../store.ts'
import { openEmbeddedStore } from './assembly.ts'
import { claimFolder } from './folder-claim.ts'
import { openLmdbRows } from './lmdb-rows.ts'
import type { StoreLog } from './store-log.ts'

export { openEmbeddedStore } from './assembly.ts'
export { type RowChange, type Rows, TABLES, type Table } from './rows.ts'
export type { StoreLog } from './store-log.ts'

export type FolderStoreOptions = {
  /** The server's data folder. The store is in `store` below it, readable by its owner only. */
  readonly dataDir: string
  readonly clock: Clock
  /** Default: says nothing. */
  readonly log?: StoreLog
  /** How much history is kept. Default: 7 days, 1 GiB. */
  readonly historyBounds?: HistoryBounds
  /** How much of the feed of changes is kept for webhooks. Default: `FEED_BOUNDS`. */
  readonly feedBounds?: FeedBounds
  readonly onMailboxEnded?: OnMailboxEnded
}

/**
 * Opens the embedded store of one server on one machine: LMDB for what must survive, everything but mailbox
 * payloads in memory. (docs/adr/0004-embedded-store.md)
 *
 * @throws Error when another process uses the folder, when a newer version wrote it, or when it cannot be used
 */
export async function openFolderStore({ dataDir, ...options }: FolderStoreOptions): Promise<Store> {
  const folder = join(dataDir, 'store')
  const rows = openLmdbRows(folder)
  try {
    const claim = await claimFolder({
      file: join(folder, 'owner'),
      clock: options.clock,
      exclusively: rows.exclusively,
    })
    const claimed = { ...rows, close: () => rows.close().finally(claim.release) }
    try {
      return await openEmbeddedStore({ ...options, rows: claimed })
    } catch (error) {
      claim.release()
      throw error
    }
  } catch (error) {
    await rows.close()
    throw error
  }
}
