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
 * Gives what opens a log for writing past the page cache where the system can do that: only the sectors of a commit are
 * written then, not whole pages, in one call that ends when they are on disk. Elsewhere each write is followed by a sync.
 * All logs that it opens, of which one is written at a time, have their room in common: such memory is dear to make.
 */
export function logOpener(): (path: string) => Promise<LogFile> {
  const room = new AlignedRoom()
  return async (path) => {
    const direct = await openDirect(path, room)
    return direct ?? logFile(await open(path, 'r+'), BUFFERED_UNIT_BYTES, room, false)
  }
}

async function openDirect(path: string, room: AlignedRoom): Promise<LogFile | undefined> {
  if (constants.O_DIRECT === undefined) return undefined
  const flags = constants.O_RDWR | constants.O_DIRECT | constants.O_DSYNC
  const file = await open(path, flags).catch(whereRefused)
  if (file === undefined) return undefined
  for (const unitBytes of DIRECT_UNITS_BYTES)
    if (await acceptsUnit(file, unitBytes, room)) return logFile(file, unitBytes, room, true)
  await file.close()
  return undefined
}

/** Reads, because that is refused for the same reasons as a write, and changes nothing. */
async function acceptsUnit(file: FileHandle, unitBytes: number, room: AlignedRoom): Promise<boolean> {
  const read = file.read(room.ofBytes(unitBytes), 0, unitBytes, unitBytes)
  return (await read.catch(whereRefused)) !== undefined
}

function whereRefused(error: unknown): undefined {
  if (error instanceof Error && Reflect.get(error, 'code') === 'EINVAL') return undefined
  throw error
}

function logFile(file: FileHandle, unitBytes: number, room: AlignedRoom, isDirect: boolean): LogFile {
  return {
    unitBytes,
    room: (bytes) => room.ofBytes(bytes),
    async write(bytes, position) {
      const from = room.ofBytes(bytes)
      for (let written = 0; written < bytes; ) {
        const { bytesWritten } = await file.write(from, written, bytes - written, position + written)
        written += bytesWritten
      }
      if (!isDirect) await file.datasync()
    },
    close: () => file.close(),
  }
}

/** Memory that begins at a page, as direct writes need it: Node's own buffers do not, WebAssembly's memory does. */
class AlignedRoom {
  #bytes: Buffer = Buffer.alloc(0)

  /** The same memory again and again; what one large commit needed is not held for ever. */
  ofBytes(bytes: number): Buffer {
    const isFit = bytes <= ROOM_BYTES ? this.#bytes.length === ROOM_BYTES : this.#bytes.length >= bytes
    if (!isFit) this.#bytes = aligned(Math.max(ROOM_BYTES, bytes))
    return this.#bytes
  }
}

function aligned(bytes: number): Buffer {
  return Buffer.from(new WebAssembly.Memory({ initial: Math.ceil(bytes / WASM_PAGE_BYTES) }).buffer)
}
