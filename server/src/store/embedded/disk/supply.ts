import type { Clock } from '../../../clock/clock.ts'
import type { Files } from './files.ts'
import type { HeldManifest } from './held-manifest.ts'
import { Lane, type Tell } from './lane.ts'
import type { LogPart } from './log.ts'
import { type LogInfo, logName } from './manifest.ts'
import type { Sizes } from './sizes.ts'

/** How much larger a part of the log is than the one before, until it is as large as they get. */
const PART_FACTOR = 4
/** Parts that are made ahead when commits come faster than files can be made. */
const AHEAD_MAX = 16
/** Times that a part was there when it was needed after which fewer are kept. */
const CALM_PARTS = 64
const ZEROS = Buffer.alloc(256 * 1024)

type Step = () => Promise<boolean>

export type SupplyOptions = {
  readonly files: Files
  readonly held: HeldManifest
  readonly clock: Clock
  readonly sizes: Sizes
  /** The parts of the log whose rows are in memory, oldest first; the last is the one that is written. */
  readonly parts: LogPart[]
  /** Whether the disk is: no more is made then than is needed next. */
  readonly isFull: () => boolean
}

/** Makes the next parts of the log before they are needed: as many as the rate of commits asks for. */
export class Supply {
  readonly #options: SupplyOptions
  readonly #lane: Lane
  #ahead = 1
  #calmParts = 0
  #wantedBytes = 0

  /** @param around what every step is carried out in */
  constructor(options: SupplyOptions, tell: Tell, around: (step: Step) => Step) {
    this.#options = options
    this.#lane = new Lane(
      options.clock,
      around(() => this.#make()),
      tell,
    )
  }

  /** The part that comes next; resolves once there is one that has room for so much. */
  async next(bytes: number): Promise<LogInfo> {
    const isThere = () => (this.#made()[0]?.bytes ?? -1) >= bytes
    this.#learn(isThere())
    this.#wantedBytes = bytes
    try {
      await this.#lane.until(isThere)
    } finally {
      this.#wantedBytes = 0
    }
    const [next] = this.#made()
    if (next === undefined) throw new Error('there is no next part of the log')
    return next
  }

  /** Parts besides those that are made which should be kept, of parts that are empty again. */
  get shortBy(): number {
    const { flushBytes, partBytesMax } = this.#options.sizes
    // As many as become a run together: while commits come evenly no part is made anew then.
    const usedUp = this.#options.isFull() ? 1 : Math.ceil(flushBytes / partBytesMax)
    return Math.max(usedUp + 1, this.#aheadNow()) - this.#made().length
  }

  wake(): void {
    this.#lane.wake()
  }

  retryNow(): void {
    this.#lane.retryNow()
  }

  close(): Promise<void> {
    return this.#lane.close()
  }

  #learn(wasThere: boolean): void {
    this.#calmParts = wasThere ? this.#calmParts + 1 : 0
    if (!wasThere) this.#ahead = Math.min(AHEAD_MAX, this.#ahead * 2)
    if (this.#calmParts < CALM_PARTS) return
    this.#calmParts = 0
    this.#ahead = Math.max(1, Math.floor(this.#ahead / 2))
  }

  #aheadNow(): number {
    return this.#options.isFull() ? 1 : this.#ahead
  }

  /** The parts after the one that is written. */
  #made(): readonly LogInfo[] {
    const { held, parts } = this.#options
    const current = parts.at(-1)?.info.number
    const { logs } = held.manifest
    return logs.slice(logs.findIndex(({ number }) => number === current) + 1)
  }

  /** They are in the manifest before they are used, so that a start knows if one is missing. */
  async #make(): Promise<boolean> {
    const { sizes } = this.#options
    const made = this.#made()
    if ((made[0]?.bytes ?? -1) < this.#wantedBytes) {
      const units = Math.ceil(this.#wantedBytes / sizes.firstPartBytes)
      await this.#add(0, [Math.max(this.#usualBytes(), units * sizes.firstPartBytes)])
    } else if (made.length < this.#aheadNow())
      await this.#add(made.length, new Array<number>(this.#aheadNow() - made.length).fill(this.#usualBytes()))
    else return false
    return true
  }

  #usualBytes(): number {
    const { parts, sizes } = this.#options
    return Math.min(sizes.partBytesMax, (parts.at(-1)?.info.bytes ?? 0) * PART_FACTOR)
  }

  /** @param place after how many of those that are made */
  async #add(place: number, sizes: readonly number[]): Promise<void> {
    const { files, held, parts } = this.#options
    const first = held.takeNumbers(sizes.length)
    const added = sizes.map((bytes, index) => ({ number: first + index, bytes }))
    await Promise.all(added.map(({ number, bytes }) => makeLog(files, number, bytes)))
    await held.update((manifest) => {
      const current = parts.at(-1)?.info.number
      const start = manifest.logs.findIndex(({ number }) => number === current) + 1
      return { ...manifest, logs: manifest.logs.toSpliced(start + place, 0, ...added) }
    })
  }
}

/** Its bytes are all written: later writes change no length and need no room. */
export async function makeLog(files: Files, number: number, bytes: number): Promise<void> {
  const file = await files.create(logName(number))
  try {
    for (let written = 0; written < bytes; written += ZEROS.length)
      await file.append(ZEROS.subarray(0, Math.min(ZEROS.length, bytes - written)))
    await file.finish()
  } catch (error) {
    await file.abandon()
    throw error
  }
}
