import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import type { Clock } from '../../../clock/clock.ts'
import { DamageError } from '../disk/damage.ts'
import type { Files, ReadableFiles } from '../disk/files.ts'
import { lockFolder } from '../disk/folder-lock.ts'
import { MANIFEST } from '../disk/manifest.ts'
import { makeFolder, nodeFiles } from '../disk/node-files.ts'
import { newStoreId } from '../disk/process-identity.ts'
import { assertTarget, type BackUpOptions, type BackUpReport, backUp, type Place } from './back-up.ts'
import { assertNoBackup } from './marker.ts'
import { assertEmpty, type RestoreReport, restore } from './restore.ts'

export type BackUpFolderOptions = Pick<
  BackUpOptions,
  'clock' | 'bytesPerSecond' | 'keyFiles' | 'withKeys' | 'onProgress'
> & {
  readonly dataDir: string
  readonly target: string
}

/** `backUp` of a data folder, which a server may be using, into a folder that is made where need be. */
export async function backUpFolder(options: BackUpFolderOptions): Promise<BackUpReport> {
  const { dataDir, target } = options
  const from = placeOf(dataDir)
  const to = placeOf(target)
  assertNoBackup(from.files)
  if (from.store.sizeOf(MANIFEST) === undefined)
    throw new Error(`There is no store in ${dataDir}, or one of version 0.1: start the server on it first.`)
  assertApart(target, dataDir, 'the data folder')
  assertTarget(forgiving(to))
  const sayings = { [target]: 'The copy is not what was written; is its disk sound?' }
  return saying(sayings, () => withTarget(target, () => backUp({ ...options, from, to })))
}

export type RestoreFolderOptions = {
  readonly backup: string
  readonly target: string
  readonly clock: Clock
}

/** `restore` of a backup into a folder that is made where need be. */
export async function restoreFolder({ backup, target, clock }: RestoreFolderOptions): Promise<RestoreReport> {
  const to = placeOf(target)
  if (!existsSync(backup)) throw new Error(`There is no ${backup}.`)
  assertApart(target, backup, 'the backup')
  assertEmpty(forgiving(to))
  const from = placeOf(backup)
  const sayings = {
    [backup]: 'The backup is damaged, and nothing was restored:',
    [target]: 'What was restored is not what was written; is its disk sound?',
  }
  return saying(sayings, () =>
    withTarget(target, () => restore({ from, to, newStoreId: () => newStoreId(clock) })),
  )
}

/** What is said of damage in a data folder would mislead where it is in another. */
async function saying<T>(sayings: Readonly<Record<string, string>>, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof DamageError)) throw error
    const folder = Object.keys(sayings).find((folder) => isWithin(error.file, folder))
    if (folder === undefined) throw error
    throw new Error(`${sayings[folder]} ${error.file} ${error.what}.`, { cause: error })
  }
}

function placeOf(folder: string): Place {
  return { files: nodeFiles(folder), store: nodeFiles(join(folder, 'store')) }
}

/** Before anything is made in it: a folder that is not there is empty. */
function forgiving({ files, store }: Place): Place<ReadableFiles & Pick<Files, 'list'>> {
  const listed = (files: Files) => ({
    ...files,
    list: () => (existsSync(files.path) ? readdirSync(files.path) : []),
  })
  return { files: listed(files), store: listed(store) }
}

async function withTarget<T>(target: string, run: () => Promise<T>): Promise<T> {
  makeFolder(target)
  makeFolder(join(target, 'store'))
  const lock = lockFolder(join(target, 'store'))
  try {
    return await run()
  } finally {
    lock.release()
  }
}

/** @throws Error when one folder lies in the other, or is the same */
function assertApart(target: string, other: string, what: string): void {
  const [inner, outer] = [realPathOf(target), realPathOf(other)]
  if (isWithin(inner, outer) || isWithin(outer, inner))
    throw new Error(`${target} and ${what} ${other} must not lie in each other.`)
}

function isWithin(inner: string, outer: string): boolean {
  const path = relative(outer, inner)
  return path === '' || !(path === '..' || path.startsWith(`..${sep}`))
}

/** Also of a folder that is not there yet. */
function realPathOf(path: string): string {
  const whole = resolve(path)
  if (existsSync(whole)) return realpathSync(whole)
  return join(realPathOf(dirname(whole)), relative(dirname(whole), whole))
}
