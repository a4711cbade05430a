import type { Clock, Timer } from '../../../clock/clock.ts'
import type { StoreLog } from '../../store-log.ts'
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
  /** The reserve that is being made; it may be needed before it is whole. */
  #making: { isGivenUp: boolean } | undefined
  #isClosed = false
  #given = 0
  #giving: Promise<void> | undefined

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

  /** How often the reserve was given up: whoever began before the last time may try again. */
  get given(): number {
    return this.#given
  }

  /** The system says that the disk is full: the reserve is given up, also one that is only being made. */
  giveWay(): Promise<void> {
    this.#become('none', 0)
    this.#giving ??= this.#give().finally(() => {
      this.#giving = undefined
    })
    return this.#giving
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#giveUpWhatIsMade()
    this.#timer.cancel()
    await this.#working
  }

  async #give(): Promise<void> {
    const { files } = this.#options
    const isMaking = this.#giveUpWhatIsMade()
    if (isMaking) await this.#working
    const hadOne = (files.sizeOf(RESERVE) ?? 0) > 0
    if (hadOne) await files.remove(RESERVE)
    if (hadOne || isMaking) this.#given++
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
    return Math.min(sizes.reserveBytesMax, 2 * (sizes.partBytesMax + sizes.flushBytes) + runBytes())
  }

  async #makeReserve(bytes: number): Promise<void> {
    const file = await this.#options.files.create(RESERVE)
    const filling = noise(FILLING_BYTES)
    const making = { isGivenUp: this.#isClosed }
    this.#making = making
    try {
      for (let written = 0; written < bytes && !making.isGivenUp; written += filling.length)
        await file.append(filling.subarray(0, Math.min(filling.length, bytes - written)))
      if (making.isGivenUp) await file.abandon()
      else await file.finish()
    } catch (error) {
      await file.abandon()
      throw error
    } finally {
      this.#making = undefined
    }
  }

  /** Returns whether one is being made. */
  #giveUpWhatIsMade(): boolean {
    if (this.#making === undefined) return false
    this.#making.isGivenUp = true
    return true
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

/** A start on a disk that is full gives up what was kept in reserve for that. */
export async function withReserve<T>(files: Files, open: () => Promise<T>): Promise<T> {
  try {
    return await open()
  } catch (error) {
    if (!saysNoRoom(error) || files.sizeOf(RESERVE) === undefined) throw error
    await files.remove(RESERVE)
    return open()
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
