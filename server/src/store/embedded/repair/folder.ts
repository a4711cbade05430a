import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../../clock/clock.ts'
import type { Files } from '../disk/files.ts'
import { lockFolder } from '../disk/folder-lock.ts'
import { assertNothingOfAStore } from '../disk/leftovers.ts'
import { MANIFEST } from '../disk/manifest.ts'
import { whatIsMissing } from '../disk/new-store.ts'
import { makeFolder, nodeFiles } from '../disk/node-files.ts'
import { newStoreId } from '../disk/process-identity.ts'
import { DATA_FILE, openOldRows } from '../lmdb/last-release.ts'
import { isGuard } from '../lmdb/migrate.ts'
import { assertOldPages } from '../lmdb/old-pages.ts'
import { ASIDE } from './drop-damaged.ts'
import { bad, type Finding, good, orDamage } from './finding.ts'
import { findingsIn, repairStore } from './repair.ts'

export type DataFolder = {
  readonly dataDir: string
  /** As a start has it. */
  readonly keptBeside: string
}

/** What a look at a store has found. */
export type FolderReport = { readonly folder: string; readonly findings: readonly Finding[] }

/**
 * Reads every byte of the store in a data folder, and changes nothing.
 *
 * @throws Error when a process uses it, when a newer version wrote it, or when the system refuses
 */
export async function checkFolder(given: DataFolder): Promise<FolderReport> {
  const folder = join(given.dataDir, 'store')
  if (!existsSync(folder)) return { folder, findings: missing(given, folder) }
  const look = async (at: string) => (await withoutStore(given, at)) ?? findingsIn(nodeFiles(at))
  try {
    return await alone(given, look)
  } catch (error) {
    // A disk that the system has made read-only, because it fails: nobody can write there.
    if (!(error instanceof Error) || Reflect.get(error, 'code') !== 'EROFS') throw error
    return { folder, findings: await look(folder) }
  }
}

/**
 * Makes a store that starts of what can be read, and gives up what cannot: what `checkFolder` lists. Where all is
 * well nothing is changed.
 *
 * @throws Error as `checkFolder` does
 */
export async function repairFolder(given: DataFolder, clock: Clock): Promise<FolderReport> {
  const folder = join(given.dataDir, 'store')
  if (!existsSync(folder) && missing(given, folder).length === 0) return { folder, findings: [] }
  makeFolder(folder)
  return alone(given, async (folder) => {
    const findings = await withoutStore(given, folder)
    if (findings?.every(({ isGood }) => isGood) === true) return findings
    const files = nodeFiles(folder)
    if (findings?.some(({ file }) => file === DATA_FILE)) await files.rename(DATA_FILE, DATA_FILE + ASIDE)
    const options = { files, clock, newStoreId: () => newStoreId(clock) }
    const repaired = await repairStore(options)
    return findings ?? repaired
  })
}

/** What there is to say where there is no store of this version; `undefined`: there is one, or what is left of it. */
async function withoutStore(
  { dataDir, keptBeside }: DataFolder,
  folder: string,
): Promise<readonly Finding[] | undefined> {
  const files = nodeFiles(folder)
  if (files.sizeOf(MANIFEST) !== undefined || orDamage(() => assertNothingOfAStore(files)) !== undefined)
    return undefined
  const lost = missing({ dataDir, keptBeside }, folder)
  if (lost.length > 0) return lost
  return files.sizeOf(DATA_FILE) === undefined ? [] : [await ofOldStore(files)]
}

async function ofOldStore(files: Files): Promise<Finding> {
  const everything = ['everything that the store held']
  const damage = orDamage(() => assertOldPages(files, DATA_FILE))
  if (damage !== undefined) return bad(DATA_FILE, damage.what, everything)
  const old = openOldRows(files.path)
  try {
    if (isGuard(old)) return bad(MANIFEST, 'is missing', everything)
    return good(DATA_FILE, 'the store of the last release; the next start takes it over')
  } finally {
    await old.close()
  }
}

function missing({ dataDir, keptBeside }: DataFolder, folder: string): readonly Finding[] {
  const what = whatIsMissing(dataDir, folder, keptBeside)
  return what === undefined ? [] : [bad(MANIFEST, what, ['everything that the store held'])]
}

async function alone(
  { dataDir }: DataFolder,
  look: (folder: string) => Promise<readonly Finding[]>,
): Promise<FolderReport> {
  const folder = join(dataDir, 'store')
  const lock = lockFolder(folder)
  try {
    return { folder, findings: await look(folder) }
  } finally {
    lock.release()
  }
}
