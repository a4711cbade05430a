import { checksum } from './checksum.ts'
import { DamageError } from './damage.ts'
import type { Files, ReadableFiles } from './files.ts'
import { readWhole } from './read-whole.ts'

export const MANIFEST = 'manifest'
/** Written before the manifest: what the store consisted of can be known though one of both is damaged. */
export const MANIFEST_COPY = 'manifest.copy'
/** Version of the files. Raised when an older program could not read them any more. */
const FORMAT_VERSION = 1

/** A part of the log, which has its length from the start. */
export type LogInfo = {
  readonly number: number
  readonly bytes: number
  /** A former owner's: it ends with this commit. What stands behind came when the store was another's already. */
  readonly lastCommit?: number
}

/** A file of sorted rows. */
export type RunInfo = {
  readonly number: number
  /** 0: as it came from the log, may overlap others of 0. Above: sorted with its neighbours, and larger and older. */
  readonly level: number
  readonly bytes: number
}

/** What the store consists of. Whatever is not in it is left over and may go. */
export type Manifest = {
  /** Hexadecimal. */
  readonly storeId: string
  readonly epoch: number
  /** Names of the tables in the order of their numbers. */
  readonly tables: readonly string[]
  /** The number of the next file. */
  readonly nextFile: number
  /** The parts of the log, oldest first. All are there, also the one that is only needed next. */
  readonly logs: readonly LogInfo[]
  /** Number of the first commit in the log. */
  readonly firstCommit: number
  /**
   * This commit had been confirmed when the manifest was written: a log that ends before it has lost its end.
   * Manifests from before do not say.
   */
  readonly lastCommit?: number
  /** A repair has dropped what was damaged, and has not yet seen to what is left. */
  readonly isBeingRepaired?: boolean
  /** Newest first within a level; sorted by key above level 0. */
  readonly runs: readonly RunInfo[]
}

export function logName(number: number): string {
  return `${String(number).padStart(8, '0')}.log`
}

export function runName(number: number): string {
  return `${String(number).padStart(8, '0')}.rows`
}

/** Number of a part of the log, or of a run, by its name. */
export function numberIn(name: string, suffix: '.log' | '.rows'): number | undefined {
  const match = /^(\d{8,15})(\.log|\.rows)$/.exec(name)
  return match?.[2] === suffix ? Number(match[1]) : undefined
}

/**
 * Resolves once it, and all files that are in it, survive a power cut.
 *
 * @param between the copy and the manifest: throws where that shall not be written any more
 */
export async function writeManifest(
  files: Files,
  manifest: Manifest,
  between: () => void = () => {},
): Promise<void> {
  const text = Buffer.from(`${JSON.stringify({ format: FORMAT_VERSION, ...manifest })}\n`)
  const bytes = Buffer.concat([text, Buffer.from(`${sumOf(text)}\n`)])
  await replace(files, MANIFEST_COPY, bytes)
  between()
  await replace(files, MANIFEST, bytes)
  await files.syncNames()
}

async function replace(files: Files, name: string, bytes: Uint8Array): Promise<void> {
  const file = await files.create(name)
  try {
    await file.append(bytes)
    await files.syncNames()
    await file.finish()
  } catch (error) {
    await file.abandon()
    throw error
  }
}

/**
 * The manifest of a store; `undefined`: the folder has none.
 *
 * @throws DamageError when it is not as it was written
 * @throws Error when a newer version wrote it
 */
export function readManifest(files: ReadableFiles, name: string = MANIFEST): Manifest | undefined {
  if (files.sizeOf(name) === undefined) return undefined
  const bytes = readWhole(files, name)
  const end = bytes.indexOf('\n') + 1
  const text = bytes.subarray(0, end)
  const path = `${files.path}/${name}`
  if (end === 0 || bytes.subarray(end).toString('latin1') !== `${sumOf(text)}\n`)
    throw new DamageError(path, 'is not as it was written (its checksum differs)')
  const manifest: Manifest & { readonly format: number } = JSON.parse(text.toString('utf8'))
  if (manifest.format > FORMAT_VERSION)
    throw new Error(
      `The data folder has format ${manifest.format} of files; this version of Rollcall reads up to ${FORMAT_VERSION}. Start the newer version.`,
    )
  return manifest
}

/**
 * The same, or the copy where that is a later owner's: then a former one has written its manifest over it, which it had
 * under way.
 */
export function readNewestManifest(files: ReadableFiles): Manifest | undefined {
  const manifest = readManifest(files)
  const copy = manifest && readCopy(files)
  return copy?.storeId === manifest?.storeId && (copy?.epoch ?? 0) > (manifest?.epoch ?? 0) ? copy : manifest
}

function readCopy(files: ReadableFiles): Manifest | undefined {
  try {
    return readManifest(files, MANIFEST_COPY)
  } catch (error) {
    if (error instanceof DamageError) return undefined
    throw error
  }
}

function sumOf(text: Uint8Array): string {
  return checksum(text).toString(16).padStart(8, '0')
}
