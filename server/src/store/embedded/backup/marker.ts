import { checksum } from '../disk/checksum.ts'
import { DamageError } from '../disk/damage.ts'
import type { Files, ReadableFiles } from '../disk/files.ts'
import { readWhole } from '../disk/read-whole.ts'

/** Tells a backup, and a folder that is still being restored, from a data folder that a server may use. */
export const MARKER = 'backup.json'
/** Raised when an older program could not restore it any more. */
const FORMAT_VERSION = 1

/** A file of the data folder beside the store. */
export type KeyFile = { readonly name: string; readonly bytes: number; readonly sum: number }

export type Marker =
  | { readonly state: 'unfinished'; readonly storeId: string }
  | {
      readonly state: 'complete'
      readonly storeId: string
      /** When the state was seen that it has. */
      readonly takenAtWallMs: number
      readonly lastCommit: number
      readonly keyFiles: readonly KeyFile[]
    }
  | { readonly state: 'restoring' }

/** Resolves once it survives a power cut. */
export async function writeMarker(files: Files, marker: Marker): Promise<void> {
  const text = `${JSON.stringify({ format: FORMAT_VERSION, ...marker })}\n`
  await writeFile(files, MARKER, Buffer.from(`${text}${checksum(Buffer.from(text))}\n`))
  await files.syncNames()
}

/** `undefined`: there is none. @throws DamageError when it is not as it was written */
export function readMarker(files: ReadableFiles): Marker | undefined {
  if (files.sizeOf(MARKER) === undefined) return undefined
  const bytes = readWhole(files, MARKER)
  const end = bytes.indexOf('\n') + 1
  const text = bytes.subarray(0, end)
  const path = `${files.path}/${MARKER}`
  if (end === 0 || bytes.subarray(end).toString('latin1') !== `${checksum(text)}\n`)
    throw new DamageError(path, 'is not as it was written (its checksum differs)')
  const marker: Marker & { readonly format: number } = JSON.parse(text.toString('utf8'))
  if (marker.format > FORMAT_VERSION)
    throw new Error(
      `${path} has format ${marker.format}: restore it with the version that wrote it, or a newer one.`,
    )
  return marker
}

/** Its name is durable after `syncNames`. */
export async function writeFile(files: Files, name: string, bytes: Uint8Array): Promise<void> {
  const file = await files.create(name)
  try {
    await file.append(bytes)
    await file.finish()
  } catch (error) {
    await file.abandon()
    throw error
  }
}

/**
 * A backup has the name of the store that it was taken of: a server that used it would be a second owner. And what
 * is half restored looks like a store with little in it.
 *
 * @throws Error when the folder is a backup, or half restored
 */
export function assertNoBackup(files: ReadableFiles): void {
  const { path } = files
  switch (readMarker(files)?.state) {
    case undefined:
      return
    case 'restoring':
      throw new Error(`${path} was not restored to its end: remove it, and run \`rollcall restore\` again.`)
    default:
      throw new Error(`${path} is a backup: \`rollcall restore ${path} FOLDER\` makes a data folder of it.`)
  }
}
