import type { Clock } from '../../../clock/clock.ts'
import { checksum } from '../disk/checksum.ts'
import type { Files, ReadableFiles } from '../disk/files.ts'
import { numberIn, runName, writeManifest } from '../disk/manifest.ts'
import { readWhole } from '../disk/read-whole.ts'
import { Run } from '../disk/run.ts'
import { checkCopy } from './check-copy.ts'
import { type KeyFile, MARKER, readMarker, writeFile, writeMarker } from './marker.ts'
import { type Pace, paceOf } from './pace.ts'
import { type Snapshot, takeSnapshot } from './snapshot.ts'

/** A data folder, or a backup, which has the same files at the same places. */
export type Place<F = Files> = { readonly files: F; readonly store: F }

export type BackUpOptions = {
  readonly from: Place<ReadableFiles>
  readonly to: Place
  readonly clock: Clock
  /** How fast it copies, and how fast it reads the copy back. */
  readonly bytesPerSecond: number
  /** Names of files beside the store that hold keys. */
  readonly keyFiles: readonly string[]
  /** Whether those are taken along, where they are there. */
  readonly withKeys: boolean
  /** Told after each file. */
  readonly onProgress?: (progress: BackUpProgress) => void
}

export type BackUpProgress = {
  readonly files: number
  readonly filesTotal: number
  readonly bytes: number
}

export type BackUpReport = {
  readonly files: number
  readonly bytes: number
  /** Files of an earlier try that were there already. */
  readonly filesKept: number
  readonly lastCommit: number
  readonly takenAtWallMs: number
  readonly keyFiles: readonly string[]
}

/**
 * Copies a store, and the key files beside it, while its owner goes on. The copy is the store as it was at one
 * moment after the call. All of it was read back and checked when this resolves. What an earlier try has copied
 * is not copied again.
 *
 * @throws Error when the target holds something else
 * @throws DamageError when the store, or the copy, is not as it was written
 */
export async function backUp(options: BackUpOptions): Promise<BackUpReport> {
  const { clock, from, to } = options
  assertTarget(to)
  const snapshot = await takeSnapshot(from.store, clock)
  try {
    const { storeId } = snapshot.manifest
    assertSame(to.files, storeId)
    await writeMarker(to.files, { state: 'unfinished', storeId })
    return await copy(options, snapshot)
  } finally {
    snapshot.close()
  }
}

/** @throws Error unless there is nothing but what an earlier try has left */
export function assertTarget({ files, store }: Place<ReadableFiles & Pick<Files, 'list'>>): void {
  const marker = readMarker(files)
  if (marker?.state === 'unfinished') return
  if (marker?.state === 'complete')
    throw new Error(`${files.path} is a complete backup already: name another folder.`)
  const [other] = [
    ...files.list().filter((name) => name !== 'store' && name !== `${MARKER}.tmp`),
    ...store.list().filter((name) => name !== 'lock'),
  ]
  if (other !== undefined)
    throw new Error(`${files.path} is not empty (${other}), and no unfinished backup: name another folder.`)
}

function assertSame(files: Files, storeId: string): void {
  const marker = readMarker(files)
  if (marker?.state === 'unfinished' && marker.storeId !== storeId)
    throw new Error(`${files.path} is an unfinished backup of another store: name another folder.`)
}

async function copy(options: BackUpOptions, snapshot: Snapshot): Promise<BackUpReport> {
  const { clock, to } = options
  const takenAtWallMs = clock.wallMs()
  const pace = paceOf(clock, options.bytesPerSecond)
  const keyFiles = await copyKeyFiles(options)
  const { bytes, filesKept } = await copyStore(options, snapshot, pace)
  const { manifest, lastCommit } = snapshot
  await checkCopy(to.store, lastCommit, pace)
  const { storeId } = manifest
  await writeMarker(to.files, { state: 'complete', storeId, takenAtWallMs, lastCommit, keyFiles })
  return {
    ...{ bytes, filesKept, lastCommit, takenAtWallMs },
    files: manifest.runs.length + manifest.logs.length,
    keyFiles: keyFiles.map(({ name }) => name),
  }
}

async function copyKeyFiles({ from, to, keyFiles, withKeys }: BackUpOptions): Promise<readonly KeyFile[]> {
  const copied: KeyFile[] = []
  for (const name of keyFiles) {
    // An earlier try may have taken it.
    for (const left of [name, `${name}.tmp`]) await to.files.remove(left)
    if (!withKeys || from.files.sizeOf(name) === undefined) continue
    const content = readWhole(from.files, name)
    await writeFile(to.files, name, content)
    copied.push({ name, bytes: content.length, sum: checksum(content) })
  }
  await to.files.syncNames()
  return copied
}

async function copyStore(
  { to: { store }, onProgress = () => {} }: BackUpOptions,
  { manifest, runs, logs }: Snapshot,
  pace: Pace,
): Promise<{ bytes: number; filesKept: number }> {
  await removeOthers(store, runs)
  const filesTotal = runs.length + logs.length
  let bytes = 0
  let files = 0
  let filesKept = 0
  const count = (more: number) => {
    bytes += more
    onProgress({ files: ++files, filesTotal, bytes })
  }
  for (const run of runs) {
    if (isThere(store, run)) filesKept++
    else await copyRun(run, store, pace)
    count(run.info.bytes)
  }
  for (const log of logs) {
    await writeFile(store, log.name, log.bytes)
    await pace(log.bytes.length)
    count(log.bytes.length)
  }
  await writeManifest(store, manifest)
  return { bytes, filesKept }
}

/** Removes what an earlier try has copied that is no part of the store any more. */
async function removeOthers(store: Files, runs: readonly Run[]): Promise<void> {
  const needed = new Set(runs.map(({ info }) => runName(info.number)))
  for (const name of store.list()) {
    const isOurs =
      numberIn(name, '.rows') !== undefined || numberIn(name, '.log') !== undefined || name.endsWith('.tmp')
    if (isOurs && !needed.has(name)) await store.remove(name)
  }
}

/** A number names one run only. Whether that is so, what follows the rows says, which has all their checksums. */
function isThere(store: Files, run: Run): boolean {
  if (store.sizeOf(runName(run.info.number)) !== run.info.bytes) return false
  try {
    const there = new Run(store, run.info, run.index.storeId)
    try {
      return there.readEnd().equals(run.readEnd())
    } finally {
      there.close()
    }
  } catch {
    return false
  }
}

async function copyRun(run: Run, store: Files, pace: Pace): Promise<void> {
  const file = await store.create(runName(run.info.number))
  try {
    for (const block of run.blocks) {
      const bytes = run.readChecked(block)
      await file.append(bytes)
      await pace(bytes.length)
    }
    await file.append(run.readEnd())
    await file.finish()
  } catch (error) {
    await file.abandon()
    throw error
  }
}
