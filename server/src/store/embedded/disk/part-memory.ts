import type { Memtable } from './memtable.ts'

/** Parts whose memory is kept: as many as become a run together, and one that came meanwhile. */
const SPARES_MAX = 4

/**
 * The memory of parts of the log. At full rate ten parts a second come and go, of megabytes each: made anew, they would have
 * the garbage collector go through everything there is several times as often as what they hold is worth.
 */
export class PartMemory {
  readonly #spares: Buffer[] = []

  /** Holds whatever it held. */
  take(bytes: number): Buffer {
    const place = this.#spares.findIndex(({ length }) => length === bytes)
    const [spare] = place < 0 ? [] : this.#spares.splice(place, 1)
    return spare ?? Buffer.allocUnsafeSlow(bytes)
  }

  /** A part is over: nobody asks its table for anything any more. */
  giveBack(table: Memtable): void {
    const { memory } = table
    if (memory === undefined) return
    this.#spares.push(memory)
    if (this.#spares.length <= SPARES_MAX) return
    // The first parts of a log are smaller than all that come later.
    const lengths = this.#spares.map(({ length }) => length)
    this.#spares.splice(lengths.indexOf(Math.min(...lengths)), 1)
  }
}
