import type { Clock, Timer } from '../../../clock/clock.ts'
import type { StoreLog } from '../store-log.ts'
import type { Files } from './files.ts'
import { SIZES, type Sizes } from './sizes.ts'

const RESERVE = 'reserve'
/** How often it is looked how much room the disk has, milliseconds. */
const LOOK_EVERY_MS = 1_000
/** What the reserve is filled with does not become smaller where a file system compresses. */
const FILLING_BYTES = 256 * 1024

/** `none`: nothing that can wait may be taken on. */
export type DiskRoom = 'enough' | 'low' | 'none'

export type RoomOptions = {
  readonly files: Files
  readonly clock: Clock
  readonly log: StoreLog
  readonly sizes: Sizes
  /** Bytes of all runs: merging them needs as much again, and bounds what the reserve has to be. */
  readonly runBytes: () => number
}

/**
 * Keeps watch on how much room the disk has, and keeps a file in reserve that is given up when there is none: to
 * delete, and to note what was acknowledged, takes room before it gives any back. Who asks `room` takes on nothing
 * that can wait while the reserve is all there is.
 */
export class Room {
  readonly #options: Omit<RoomOptions, 'sizes'> & { readonly sizes: Required<Sizes> }
  readonly #timer: Timer
  #room: DiskRoom = 'enough'
  #working: Promise<unknown> = Promise.resolve()
  #isBusy = false
  #isClosed = false

  constructor(options: RoomOptions) {
    this.#options = { ...options, sizes: { ...SIZES, ...options.sizes } }
    this.#timer = options.clock.every(LOOK_EVERY_MS, () => {
      if (!this.#isBusy) void this.look()
    })
  }

  get room(): DiskRoom {
    return this.#room
  }

  /** Looks now, and makes the reserve where it is missing and there is room for it. */
  async look(): Promise<void> {
    if (this.#isClosed) return
    this.#isBusy = true
    const looked = this.#working.then(() => this.#look())
    // What cannot be told now is told by whatever is written next.
    this.#working = looked.catch(() => {})
    await this.#working
    this.#isBusy = false
  }

  /** The system says that the disk is full. Resolves to whether there is room again for now. */
  async giveWay(): Promise<boolean> {
    const { files } = this.#options
    const had = (files.sizeOf(RESERVE) ?? 0) > 0
    this.#become('none', 0)
    if (had) await files.remove(RESERVE)
    return had
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#timer.cancel()
    await this.#working
  }

  async #look(): Promise<void> {
    const { files, sizes } = this.#options
    const reserveBytes = this.#reserveBytes()
    const hasBytes = files.sizeOf(RESERVE) ?? 0
    const missing = Math.max(0, reserveBytes - hasBytes)
    const free = (await files.freeBytes()) - missing
    // It has to be a good deal more before it counts as enough again, or it would be told over and over.
    const isBack = free >= sizes.fullBytes * 2
    if (free < sizes.fullBytes || (this.#room === 'none' && !isBack)) return this.#become('none', free)
    // After a burst it shrinks with the store.
    if (missing * 2 > reserveBytes || hasBytes > reserveBytes * 2) await this.#makeReserve(reserveBytes)
    const lowBytes = this.#room === 'enough' ? sizes.lowBytes : sizes.lowBytes * 1.25
    this.#become(free < lowBytes ? 'low' : 'enough', free)
  }

  #reserveBytes(): number {
    const { sizes, runBytes } = this.#options
    return Math.min(sizes.reserveBytesMax, sizes.partBytesMax + sizes.flushBytes + runBytes())
  }

  async #makeReserve(bytes: number): Promise<void> {
    const file = await this.#options.files.create(RESERVE)
    const filling = noise(FILLING_BYTES)
    try {
      for (let written = 0; written < bytes && !this.#isClosed; written += filling.length)
        await file.append(filling.subarray(0, Math.min(filling.length, bytes - written)))
      if (this.#isClosed) return await file.abandon()
      await file.finish()
    } catch (error) {
      await file.abandon()
      throw error
    }
  }

  #become(room: DiskRoom, freeBytes: number): void {
    if (room === this.#room) return
    const { log, files } = this.#options
    this.#room = room
    const fields = { freeBytes, path: files.path }
    if (room === 'none') log.warn('the disk is full: no new events until there is room', fields)
    else if (room === 'low') log.warn('the disk is nearly full', fields)
    else log.info('the disk has room again', fields)
  }
}

/** Whether the system says that there is no room (any more, or for this user). */
export function saysNoRoom(error: unknown): boolean {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined
  return code === 'ENOSPC' || code === 'EDQUOT'
}

/** Bytes that no compression makes smaller: a xorshift generator's (Marsaglia 2003), always the same. */
function noise(bytes: number): Buffer {
  const words = new Uint32Array(bytes / 4)
  let word = 0x9e3779b9
  for (let index = 0; index < words.length; index++) {
    word ^= word << 13
    word ^= word >>> 17
    word ^= word << 5
    words[index] = word
  }
  return Buffer.from(words.buffer)
}
