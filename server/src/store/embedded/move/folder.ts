import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../../clock/clock.ts'
import { HISTORY_BOUNDS } from '../../bounds.ts'
import type { MovePlace, MoveSource } from '../../move/move.ts'
import type { StoreLog } from '../../store-log.ts'
import { openDiskRows } from '../disk/disk-rows.ts'
import { lockFolder } from '../disk/folder-lock.ts'
import { mergerFor } from '../disk/mergers.ts'
import { makeFolder, nodeFiles } from '../disk/node-files.ts'
import { newStoreId } from '../disk/process-identity.ts'
import type { Rows } from '../rows.ts'
import { highestIn, sendRows } from './source.ts'
import { rowsTarget } from './target.ts'

/** Where a store is filled, beside its place: what is there was not brought to its end. */
const DRAFT = 'store.importing'
const LOCK = 'lock'

export type FolderMove = {
  readonly dataDir: string
  readonly clock: Clock
  readonly log: StoreLog
  /** How the private keys of signing keys are written in a stream, and how they are read from it. */
  readonly secrets: { conceal(text: string): string; reveal(text: string): string }
}

/** @param rows as `openFolderRows` opens them, which no other process may have */
export function rowsSource(rows: Rows, conceal: (text: string) => string): MoveSource {
  return {
    highest: async () => highestIn(rows),
    send: (put) => sendRows(rows, conceal, put),
    close: () => rows.close(),
  }
}

/**
 * A data folder that has no store yet. It is filled beside its place, and put there in one step once it is whole; meanwhile no
 * server starts in it.
 *
 * @throws Error where a process has the folder, or where there is a store
 */
export function folderPlace(options: FolderMove): MovePlace {
  const { dataDir, clock, secrets } = options
  const folder = join(dataDir, 'store')
  const draft = join(dataDir, DRAFT)
  makeFolder(folder)
  const held = lockFolder(folder)
  let rows: Rows | undefined
  const abandon = async () => {
    await rows?.close()
    rows = undefined
    rmSync(draft, { recursive: true, force: true })
  }
  return {
    async open(given) {
      assertNoStore(folder)
      // What an earlier try has left.
      rmSync(draft, { recursive: true, force: true })
      makeFolder(draft)
      const filled = await openDraft(draft, options)
      rows = filled
      const { reveal } = secrets
      const target = await rowsTarget({
        ...{ ...given, rows: filled, nowMs: clock.wallMs(), reveal },
        historyBounds: HISTORY_BOUNDS,
      })
      return {
        take: target.take,
        async finish() {
          await target.finish()
          await filled.close()
          rows = undefined
          rmSync(join(draft, LOCK), { force: true })
          held.release()
          rmSync(folder, { recursive: true })
          renameSync(draft, folder)
          await nodeFiles(dataDir).syncNames()
        },
      }
    },
    async close() {
      await abandon()
      held.release()
    },
  }
}

function openDraft(draft: string, { clock, log }: FolderMove): Promise<Rows> {
  const files = nodeFiles(draft)
  return openDiskRows({ files, clock, log, merger: mergerFor(files), newStoreId: () => newStoreId(clock) })
}

function assertNoStore(folder: string): void {
  const found = existsSync(folder) ? readdirSync(folder).filter((name) => name !== LOCK) : []
  if (found.length > 0)
    throw new Error(`${folder} is not empty: import into a data folder that has no store yet.`)
}
