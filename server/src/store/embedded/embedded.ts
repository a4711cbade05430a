import { join } from 'node:path'
import type { Clock } from '../../clock/clock.ts'
import type { BookBounds, HistoryBounds } from '../bounds.ts'
import type { FeedBounds, OnMailboxEnded, Store } from '../store.ts'
import { type StoreLog, silentLog } from '../store-log.ts'
import { openEmbeddedStore } from './assembly.ts'
import { assertNoBackup } from './backup/marker.ts'
import { openDiskRows } from './disk/disk-rows.ts'
import type { Files } from './disk/files.ts'
import { lockFolder } from './disk/folder-lock.ts'
import { mergerFor } from './disk/mergers.ts'
import { assertNothingIsMissing } from './disk/new-store.ts'
import { makeFolder, nodeFiles } from './disk/node-files.ts'
import { newStoreId } from './disk/process-identity.ts'
import { migrate } from './lmdb/migrate.ts'
import type { Rows } from './rows.ts'

export type { StoreLog } from '../store-log.ts'
export { openEmbeddedStore } from './assembly.ts'
export { backUpFolder, restoreFolder } from './backup/folders.ts'
export { DamageError } from './disk/damage.ts'
export { openDiskRows } from './disk/disk-rows.ts'
export type { Files, LogFile, NewFile, ReadableFile, ReadableFiles } from './disk/files.ts'
export { inlineMerger } from './disk/mergers.ts'
export type { Sizes } from './disk/sizes.ts'
export { folderPlace, rowsSource } from './move/folder.ts'
export { MOVED_TABLES } from './move/tables.ts'
export { rowsTarget } from './move/target.ts'
export { checkFolder, type FolderReport, repairFolder } from './repair/folder.ts'
export { repairStore } from './repair/repair.ts'
export { type RowChange, type Rows, TABLES, type Table } from './rows.ts'
export { dropSigningKeys } from './tokens/drop-signing-keys.ts'

export type FolderStoreOptions = {
  /** The server's data folder. The store is in `store` below it, readable by its owner only. */
  readonly dataDir: string
  /**
   * Name of a file of the data folder that only comes into being after the store: with it there, a store that is
   * not is lost, and not new. Default: nobody can tell.
   */
  readonly keptBeside?: string
  readonly clock: Clock
  /** Default: says nothing. */
  readonly log?: StoreLog
  /** How much history is kept. Default: 7 days, 1 GiB. */
  readonly historyBounds?: HistoryBounds
  /** How much of the feed of changes is kept for webhooks. Default: `FEED_BOUNDS`. */
  readonly feedBounds?: FeedBounds
  /** How much of the small books is kept that everybody writes in. Default: `BOOK_BOUNDS`. */
  readonly bookBounds?: BookBounds
  readonly onMailboxEnded?: OnMailboxEnded
  /** Whether requests are refused for want of time: service time stands still. Default: they never are. */
  readonly isOverloaded?: () => boolean
  /** Told once when another process has the folder, or it is gone: nothing is written any more. Whoever is told should end. */
  readonly onLost?: (error: Error) => void
}

/**
 * Opens the embedded store of one server on one machine: a checked log and sorted files for what must survive,
 * everything but mailbox payloads in memory. (docs/adr/0027-checked-log-and-runs.md)
 *
 * @throws Error when another process uses the folder, when a newer version wrote it, or when it cannot be used
 * @throws DamageError when a file is missing or not as it was written
 */
export async function openFolderStore(options: FolderStoreOptions): Promise<Store> {
  const rows = await openFolderRows(options)
  try {
    return await openEmbeddedStore({ ...options, rows })
  } catch (error) {
    await rows.close()
    throw error
  }
}

/** Opens what lies beneath a store, with the folder's lock; closing it releases that. */
export async function openFolderRows(
  options: Pick<FolderStoreOptions, 'dataDir' | 'keptBeside' | 'clock' | 'log' | 'onLost'>,
): Promise<Rows> {
  const folder = join(options.dataDir, 'store')
  makeFolder(folder)
  assertNoBackup(nodeFiles(options.dataDir))
  const lock = lockFolder(folder)
  try {
    if (options.keptBeside !== undefined) assertNothingIsMissing(options.dataDir, folder, options.keptBeside)
    const rows = await openLocked(nodeFiles(folder), options)
    return { ...rows, close: () => rows.close().finally(lock.release) }
  } catch (error) {
    lock.release()
    throw error
  }
}

/** Takes over the rows of the last release where there are some. */
async function openLocked(
  files: Files,
  { clock, log = silentLog, onLost }: Pick<FolderStoreOptions, 'clock' | 'log' | 'onLost'>,
): Promise<Rows> {
  const openRows = (files: Files) =>
    openDiskRows({
      ...{ files, clock, log, merger: mergerFor(files), newStoreId: () => newStoreId(clock) },
      ...(onLost === undefined ? {} : { onLost }),
    })
  await migrate({ files, clock, log, openRows })
  return openRows(files)
}
