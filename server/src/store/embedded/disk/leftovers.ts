import { RECORD_UNIT_BYTES, readRecord } from './commit-record.ts'
import { DamageError } from './damage.ts'
import type { Files } from './files.ts'
import { MANIFEST, MANIFEST_COPY, numberIn, readManifest } from './manifest.ts'
import { readWhole } from './read-whole.ts'
import { readRunIndex } from './run.ts'

/** The store that has written a file, by its id; `undefined`: nobody can tell. */
export function ownerOf(files: Files, name: string): string | undefined {
  if (numberIn(name, '.rows') !== undefined) return ownerOfRun(files, name)
  return numberIn(name, '.log') === undefined ? undefined : ownerOfLog(files, name)
}

/**
 * Without a manifest nothing of a store may be here: a store whose manifest is lost is not an empty store. What
 * a crash in the very first start has left is no store yet.
 *
 * @throws DamageError
 */
export function assertNothingOfAStore(files: Files): void {
  if (hasStore(files)) throw new DamageError(`${files.path}/${MANIFEST}`, 'is missing')
}

function hasStore(files: Files): boolean {
  const names = files.list()
  if (names.some((name) => numberIn(name, '.rows') !== undefined)) return true
  if (names.some((name) => ownerOf(files, name) !== undefined)) return true
  try {
    return (readManifest(files, MANIFEST_COPY)?.epoch ?? 0) > 1
  } catch (error) {
    if (error instanceof DamageError) return false
    throw error
  }
}

function ownerOfRun(files: Files, name: string): string | undefined {
  const file = files.open(name)
  try {
    return readRunIndex(file, `${files.path}/${name}`, files.sizeOf(name) ?? 0).storeId
  } catch (error) {
    if (error instanceof DamageError) return undefined
    throw error
  } finally {
    file.close()
  }
}

function ownerOfLog(files: Files, name: string): string | undefined {
  const bytes = readWhole(files, name)
  for (let at = 0; at < bytes.length; at += RECORD_UNIT_BYTES) {
    const record = readRecord(bytes, at)
    if (record !== undefined) return record.storeId.toString('hex')
  }
  return undefined
}
