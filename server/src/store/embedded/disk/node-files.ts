import {
  chmodSync,
  closeSync,
  constants,
  fsync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
} from 'node:fs'
import { type FileHandle, open, rename, rm, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { DamageError } from './damage.ts'
import type { Files, NewFile, ReadableFile } from './files.ts'
import { logOpener } from './node-log-file.ts'

const FOLDER_MODE = 0o700
const FILE_MODE = 0o600

/** A folder of this machine. */
export function nodeFiles(path: string): Files {
  const at = (name: string) => join(path, name)
  const openLog = logOpener()
  return {
    path,
    list: () => readdirSync(path),
    sizeOf: (name) => statSync(at(name), { throwIfNoEntry: false })?.size,
    open: (name) => openForReading(at(name)),
    create: (name) => create(path, name),
    openLog: (name) => openLog(at(name)),
    rename: (from, to) => rename(at(from), at(to)),
    remove: (name) => rm(at(name), { force: true }),
    syncNames: () => syncFolder(path),
    identityOf(name) {
      const status = statSync(at(name), { throwIfNoEntry: false, bigint: true })
      return status && `${status.dev}:${status.ino}:${status.mtimeNs}`
    },
    async freeBytes() {
      const { bavail, blocks, bsize } = await statfs(path)
      // Some file systems do not say: then nobody is kept from trying.
      return blocks === 0 ? Number.POSITIVE_INFINITY : bavail * bsize
    },
  }
}

function openForReading(path: string): ReadableFile {
  const handle = naming(path, () => openSync(path, 'r'))
  return {
    read(bytes, position) {
      let read = 0
      while (read < bytes.length) {
        const more = naming(path, () => readSync(handle, bytes, read, bytes.length - read, position + read))
        if (more === 0) return read
        read += more
      }
      return read
    },
    close: () => closeSync(handle),
  }
}

/** A file that is missing, or that the disk cannot give back, is damage. Anything else is the system's own error. */
function naming<T>(path: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined
    if (code === 'ENOENT') throw new DamageError(path, 'is missing')
    if (code === 'EIO') throw new DamageError(path, 'cannot be read (EIO: the disk reports an error)')
    throw error
  }
}

async function create(folder: string, name: string): Promise<NewFile> {
  const path = join(folder, name)
  const temporary = `${path}.tmp`
  const file = await open(temporary, 'w', FILE_MODE)
  const abandon = async () => {
    await file.close().catch(() => {})
    await rm(temporary, { force: true })
  }
  return {
    append: (...pieces) => appendAll(file, pieces),
    async finish() {
      await file.datasync()
      await file.close()
      await rename(temporary, path)
    },
    abandon,
  }
}

async function appendAll(file: FileHandle, pieces: readonly Uint8Array[]): Promise<void> {
  let left: Uint8Array[] = pieces.filter(({ length }) => length > 0)
  while (left.length > 0) left = without((await file.writev(left)).bytesWritten, left)
}

/** What is left of pieces after so many of their bytes. */
function without(bytes: number, pieces: readonly Uint8Array[]): Uint8Array[] {
  let over = bytes
  return pieces.flatMap((piece) => {
    const gone = Math.min(over, piece.length)
    over -= gone
    return gone === piece.length ? [] : [piece.subarray(gone)]
  })
}

async function syncFolder(path: string): Promise<void> {
  const handle = openSync(path, constants.O_RDONLY)
  try {
    await promisify(fsync)(handle)
  } finally {
    closeSync(handle)
  }
}

/** Makes the folder private, and its name in its parent survives a power cut. */
export function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: FOLDER_MODE })
  chmodSync(folder, FOLDER_MODE)
  for (const path of [folder, dirname(folder)]) {
    const handle = openSync(path, 'r')
    fsyncSync(handle)
    closeSync(handle)
  }
}
