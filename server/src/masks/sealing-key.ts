import { constants } from 'node:fs'
import { type FileHandle, link, mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Random } from '../clock/clock.ts'
import { SEALING_KEY_BYTES } from './seal.ts'

type SealingKeyOptions = {
  /** Where `sealing.key` is kept; made where it is missing. */
  readonly dataDir: string
  /** 32 bytes in base64; with it no file is read or made. */
  readonly keyFromConfig?: string | undefined
  readonly random: Random
}

/** The key's file in the data folder. */
export const SEALING_KEY_FILE = 'sealing.key'

/**
 * The key that seals masked events: the one from the configuration, or else the one in the data folder, which
 * is made, and durable before this returns, where there is none. Several processes may do so at once: all get
 * the same key.
 *
 * @throws Error where the key has the wrong length, or others may read the file
 */
export async function loadSealingKey({ dataDir, keyFromConfig, random }: SealingKeyOptions): Promise<Buffer> {
  if (keyFromConfig !== undefined) return decodeKey(keyFromConfig)
  const file = join(dataDir, SEALING_KEY_FILE)
  const existing = await readKey(file)
  if (existing !== undefined) return existing
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  await createKey(dataDir, file, random)
  const created = await readKey(file)
  if (created === undefined) throw new Error(`${file} was removed while it was made.`)
  return created
}

/** The key that sealed before the present one, as the configuration gives it. @throws Error as `loadSealingKey` does */
export function readFormerKey(text: string | undefined): Buffer | undefined {
  return text === undefined ? undefined : decodeKey(text)
}

// Buffer.from skips what is not base64: only text that it would write again is taken, in either alphabet.
function decodeKey(text: string): Buffer {
  const key = Buffer.from(text, 'base64')
  const written = text.trim().replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_')
  if (key.toString('base64url') !== written || key.length !== SEALING_KEY_BYTES)
    throw new Error(`The sealing key of the configuration must be ${SEALING_KEY_BYTES} bytes in base64.`)
  return key
}

/** The key in `file`, `undefined` where there is no such file. */
async function readKey(file: string): Promise<Buffer | undefined> {
  const handle = await openIfThere(file)
  if (handle === undefined) return undefined
  try {
    await refuseUnsafe(handle, file)
    return await handle.readFile()
  } finally {
    await handle.close()
  }
}

async function openIfThere(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, constants.O_RDONLY)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

async function refuseUnsafe(handle: FileHandle, file: string): Promise<void> {
  const stat = await handle.stat()
  if (!stat.isFile() || stat.size !== SEALING_KEY_BYTES)
    throw new Error(`${file} must be a file of exactly ${SEALING_KEY_BYTES} bytes, but has ${stat.size}.`)
  // Windows has no such modes and reports every file as readable by all.
  if (process.platform !== 'win32' && (stat.mode & 0o077) !== 0)
    throw new Error(`${file} must be for its owner alone: chmod 600 ${file}`)
}

/** Puts a whole, flushed file in place in one step, and never over another's: what that one sealed needs it. */
async function createKey(dataDir: string, file: string, random: Random): Promise<void> {
  const draft = join(dataDir, `.${SEALING_KEY_FILE}.${random.bytes(8).toString('hex')}`)
  try {
    await writeDurably(draft, random.bytes(SEALING_KEY_BYTES))
    await link(draft, file)
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  } finally {
    await rm(draft, { force: true })
  }
  await flushFolder(dataDir)
}

async function writeDurably(file: string, bytes: Buffer): Promise<void> {
  const handle = await open(file, 'wx', 0o600)
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes the folder's new entry durable. Windows cannot open a folder, and needs not. */
async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
