import { SAMPLE_NUMBERS, type Sample } from './sample.ts'

/** A minute, by its number since 1970, and what was counted in it. */
export type Point = { readonly minute: number; readonly sample: Sample }

const LOW_BITS = 128

/**
 * Points as bytes: for each its minute after `first`, how many of its numbers are not nought, and those, each behind the
 * distance of its place from the one before.
 */
export function encodePoints(first: number, points: readonly Point[]): Uint8Array {
  const bytes: number[] = []
  for (const { minute, sample } of points) {
    const places = [...sample.keys()].filter((place) => sample[place] !== 0)
    pushNumber(bytes, minute - first)
    pushNumber(bytes, places.length)
    let last = 0
    for (const place of places) {
      pushNumber(bytes, place - last)
      pushNumber(bytes, sample[place] ?? 0)
      last = place
    }
  }
  return Uint8Array.from(bytes)
}

/** Numbers of a later version, at places that this one does not know, are left out. */
export function decodePoints(first: number, bytes: Uint8Array): readonly Point[] {
  const points: Point[] = []
  const reader = new NumberReader(bytes)
  while (!reader.isAtEnd) {
    const minute = first + reader.next()
    const sample = new Float64Array(SAMPLE_NUMBERS)
    let place = 0
    for (let left = reader.next(); left > 0 && !reader.isAtEnd; left--) {
      place += reader.next()
      // Beyond the end of the array this does nothing.
      sample[place] = reader.next()
    }
    points.push({ minute, sample })
  }
  return points
}

/** Seven bits a byte, the lowest first. */
function pushNumber(bytes: number[], value: number): void {
  let rest = Math.max(0, Math.floor(value))
  while (rest >= LOW_BITS) {
    bytes.push((rest % LOW_BITS) + LOW_BITS)
    rest = Math.floor(rest / LOW_BITS)
  }
  bytes.push(rest)
}

class NumberReader {
  readonly #bytes: Uint8Array
  #offset = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#offset >= this.#bytes.length
  }

  next(): number {
    let value = 0
    for (let unit = 1; ; unit *= LOW_BITS) {
      const byte = this.#bytes[this.#offset++] ?? 0
      value += (byte % LOW_BITS) * unit
      if (byte < LOW_BITS) return value
    }
  }
}
