import { checksum } from '../disk/checksum.ts'
import { bytesMaxOf } from '../disk/compaction.ts'
import { type Cursor, memtableCursor } from '../disk/cursor.ts'
import { DamageError } from '../disk/damage.ts'
import type { Files, ReadableFiles } from '../disk/files.ts'
import { Levels, merged } from '../disk/levels.ts'
import { type Manifest, writeManifest } from '../disk/manifest.ts'
import { writeRuns } from '../disk/merge.ts'
import { readWhole } from '../disk/read-whole.ts'
import { replayLogs } from '../disk/replay.ts'
import { Run } from '../disk/run.ts'
import { SIZES, type Sizes } from '../disk/sizes.ts'
import { makeLog } from '../disk/supply.ts'
import type { Place } from './back-up.ts'
import { checkCopy } from './check-copy.ts'
import { type KeyFile, MARKER, type Marker, readMarker, writeFile, writeMarker } from './marker.ts'

/** Above every key. */
const END = '\uffff'
const atOnce = async () => {}

export type RestoreOptions = {
  readonly from: Place<ReadableFiles>
  readonly to: Place
  /** The name of the store that is made; 16 hexadecimal digits. */
  readonly newStoreId: () => string
  /** Default: `SIZES`. */
  readonly sizes?: Sizes
}

export type RestoreReport = {
  readonly takenAtWallMs: number
  readonly bytes: number
  readonly keyFiles: readonly string[]
}

type Complete = Extract<Marker, { readonly state: 'complete' }>

/**
 * Makes a data folder of a backup, which is checked whole before anything is written. The store gets a name of its
 * own: nothing of the one that the backup was taken of, or of another restored from it, can be taken for a part of
 * it, and none of their processes for its owner.
 *
 * @throws Error when the backup is none, or not complete, or the target is not empty
 * @throws DamageError when the backup is not as it was written
 */
export async function restore(options: RestoreOptions): Promise<RestoreReport> {
  const { from, to, sizes = SIZES } = options
  const backup = readComplete(from.files)
  assertEmpty(to)
  const keys = backup.keyFiles.map((file) => ({ name: file.name, content: readKey(from.files, file) }))
  const manifest = await checkCopy(from.store, backup.lastCommit, atOnce)
  if (manifest.storeId !== backup.storeId)
    throw new DamageError(from.store.path, 'holds another store than the one that was backed up')
  await writeMarker(to.files, { state: 'restoring' })
  for (const { name, content } of keys) await writeFile(to.files, name, content)
  await to.files.syncNames()
  const bytes = await rewrite(from.store, manifest, to.store, options.newStoreId(), sizes)
  await checkCopy(to.store, 0, atOnce)
  await to.files.remove(MARKER)
  await to.files.syncNames()
  return { takenAtWallMs: backup.takenAtWallMs, bytes, keyFiles: keys.map(({ name }) => name) }
}

function readComplete(files: ReadableFiles): Complete {
  const marker = readMarker(files)
  switch (marker?.state) {
    case 'complete':
      return marker
    case 'unfinished':
      throw new Error(
        `${files.path} is an unfinished backup: run \`rollcall backup\` on it again, or restore another.`,
      )
    default:
      throw new Error(`${files.path} is no backup: it has no ${MARKER} of one.`)
  }
}

/** @throws Error when there is anything but the lock */
export function assertEmpty({ files, store }: Place<Pick<Files, 'path' | 'list'>>): void {
  const [other] = [
    ...files.list().filter((name) => name !== 'store'),
    ...store.list().filter((name) => name !== 'lock'),
  ]
  if (other !== undefined) throw new Error(`${files.path} is not empty (${other}): name another folder.`)
}

function readKey(files: ReadableFiles, { name, bytes, sum }: KeyFile): Buffer {
  const path = `${files.path}/${name}`
  if (files.sizeOf(name) === undefined) throw new DamageError(path, 'is missing')
  const content = readWhole(files, name)
  if (content.length !== bytes || checksum(content) !== sum)
    throw new DamageError(path, 'is not as it was written (its checksum differs)')
  return content
}

/** All rows, as they are now, become the sorted runs of a new store. */
async function rewrite(
  from: ReadableFiles,
  manifest: Manifest,
  to: Files,
  storeId: string,
  sizes: Sizes,
): Promise<number> {
  const log = { number: 1, bytes: sizes.firstPartBytes }
  await makeLog(to, log.number, log.bytes)
  const level = levelFor(manifest, sizes)
  const { rows, close } = readRows(from, manifest)
  try {
    const target = { storeId, level, older: [], fences: [], runBytes: sizes.runBytes, firstNumber: 2 }
    const runs = await writeRuns(to, target, rows)
    const { tables } = manifest
    const nextFile = 2 + runs.length
    await writeManifest(to, { storeId, epoch: 0, tables, nextFile, logs: [log], firstCommit: 1, runs })
    return runs.reduce((sum, { bytes }) => sum + bytes, log.bytes)
  } finally {
    close()
  }
}

/** The first level that has room for all: nothing has to be merged because of it. */
function levelFor({ runs, logs }: Manifest, sizes: Sizes): number {
  const total = [...runs, ...logs].reduce((sum, { bytes }) => sum + bytes, 0)
  let level = 1
  while (bytesMaxOf(level, sizes) < total) level++
  return level
}

function readRows(files: ReadableFiles, manifest: Manifest): { readonly rows: Cursor; close(): void } {
  const { tables, index } = replayLogs(files, manifest)
  const open: Run[] = []
  try {
    for (const info of manifest.runs) open.push(new Run(files, info, manifest.storeId))
    const inLog = tables.slice(0, index + 1).map((table) => memtableCursor(table, '', END))
    const rows = merged([...inLog.reverse(), ...new Levels(open).cursors('', false)])
    return { rows, close: () => closeAll(open) }
  } catch (error) {
    closeAll(open)
    throw error
  }
}

function closeAll(runs: readonly Run[]): void {
  for (const run of runs) run.close()
}
