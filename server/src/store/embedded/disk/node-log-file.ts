import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { LogFile } from './files.ts'

/** What direct writes may be aligned to, finest first: the disk's own sector. */
const DIRECT_UNITS_BYTES = [512, 4096]
const BUFFERED_UNIT_BYTES = 512
const ROOM_BYTES = 1024 * 1024
const WASM_PAGE_BYTES = 65_536

// Not among the types of a program for Node alone.
declare const WebAssembly: { Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer } }

/**
 * Opens a log for writing past the page cache where the system can do that: only the sectors of a commit are
 * written then, not whole pages, in one call that ends when they are on disk. Elsewhere each write is followed
 * by a sync.
 */
export async function openLogFile(path: string): Promise<LogFile> {
  const direct = await openDirect(path)
  if (direct !== undefined) return direct
  return logFile(await open(path, 'r+'), BUFFERED_UNIT_BYTES, false)
}

async function openDirect(path: string): Promise<LogFile | undefined> {
  if (constants.O_DIRECT === undefined) return undefined
  const flags = constants.O_RDWR | constants.O_DIRECT | constants.O_DSYNC
  const file = await open(path, flags).catch(whereRefused)
  if (file === undefined) return undefined
  for (const unitBytes of DIRECT_UNITS_BYTES)
    if (await acceptsUnit(file, unitBytes)) return logFile(file, unitBytes, true)
  await file.close()
  return undefined
}

/** Reads, because that is refused for the same reasons as a write, and changes nothing. */
async function acceptsUnit(file: FileHandle, unitBytes: number): Promise<boolean> {
  return (await file.read(alignedRoom(unitBytes), 0, unitBytes, unitBytes).catch(whereRefused)) !== undefined
}

function whereRefused(error: unknown): undefined {
  if (error instanceof Error && Reflect.get(error, 'code') === 'EINVAL') return undefined
  throw error
}

function logFile(file: FileHandle, unitBytes: number, isDirect: boolean): LogFile {
  let room = alignedRoom(ROOM_BYTES)
  return {
    unitBytes,
    room(bytes) {
      // What one large commit needed is not held for ever.
      if (room.length < bytes || room.length > ROOM_BYTES) room = alignedRoom(Math.max(ROOM_BYTES, bytes))
      return room
    },
    async write(bytes, position) {
      for (let written = 0; written < bytes; ) {
        const { bytesWritten } = await file.write(room, written, bytes - written, position + written)
        written += bytesWritten
      }
      if (!isDirect) await file.datasync()
    },
    close: () => file.close(),
  }
}

/** Memory that begins at a page, as direct writes need it: Node's own buffers do not, WebAssembly's memory does. */
function alignedRoom(bytes: number): Buffer {
  return Buffer.from(new WebAssembly.Memory({ initial: Math.ceil(bytes / WASM_PAGE_BYTES) }).buffer)
}
