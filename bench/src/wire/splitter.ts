/** Takes one unit from the front of `bytes[start, end)`; returns the bytes used, 0 where it is not whole yet. */
export type TakeUnit = (bytes: Buffer, start: number, end: number) => number

const NOTHING = Buffer.alloc(0)

/** Cuts a stream of bytes into units; the part of one that has come so far waits for the rest. */
export class Splitter {
  readonly #take: TakeUnit
  #rest = NOTHING

  constructor(take: TakeUnit) {
    this.#take = take
  }

  /** The bytes are used before this returns: the caller may overwrite them. */
  push(bytes: Buffer, start: number, end: number): void {
    if (this.#rest.length === 0) {
      this.#cut(bytes, start, end)
      return
    }
    const joined = Buffer.concat([this.#rest, bytes.subarray(start, end)])
    this.#rest = NOTHING
    this.#cut(joined, 0, joined.length)
  }

  #cut(bytes: Buffer, start: number, end: number): void {
    let at = start
    while (at < end) {
      const used = this.#take(bytes, at, end)
      if (used === 0) break
      at += used
    }
    if (at < end) this.#rest = Buffer.from(bytes.subarray(at, end))
  }
}
