import { CHANGE_BYTES, tableIdAt } from './commit-record.ts'

const SLOTS_MIN = 256
/** FNV-1a, 32 bits. */
const HASH_START = 0x811c9dc5
const HASH_FACTOR = 0x01000193

/**
 * Where the newest change of each row begins in the bytes of a part of the log, by the row's key. The keys are those
 * bytes: a row costs sixteen bytes here, and the garbage collector has nothing to step over. Open addressing, with
 * linear probing.
 */
export class RowPlaces {
  readonly #bytes: Buffer
  /** Where the change begins, plus one; 0: free. */
  #slots = new Int32Array(SLOTS_MIN)
  #hashes = new Int32Array(SLOTS_MIN)
  #size = 0

  /** @param bytes of the part */
  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** Where the row's change begins; -1: it has none. */
  find(key: string): number {
    return (this.#slots[this.#slotOf(key)] ?? 0) - 1
  }

  /** Takes up the change that begins here, in the place of an earlier one of its row. */
  set(at: number): void {
    const slot = this.#slotAt(at)
    if (this.#slots[slot] === 0) this.#size++
    this.#slots[slot] = at + 1
    this.#hashes[slot] = this.#hashAt(at)
    if (this.#size * 2 > this.#slots.length) this.#grow()
  }

  /** Takes out the row of the change that begins here. Returns whether it was there. */
  removeAt(at: number): boolean {
    return this.#free(this.#slotAt(at))
  }

  /** Takes out the row. Returns whether it was there. */
  remove(key: string): boolean {
    return this.#free(this.#slotOf(key))
  }

  /** Where the changes of all rows begin, in no order. */
  *all(): Generator<number> {
    for (const place of this.#slots) if (place > 0) yield place - 1
  }

  /** The slot of a row, or the free one where it belongs. */
  #slotOf(key: string): number {
    const hash = hashOf(key)
    const mask = this.#slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const place = this.#slots[slot] ?? 0
      if (place === 0 || (this.#hashes[slot] === hash && this.#isKey(place - 1, key))) return slot
    }
  }

  #slotAt(at: number): number {
    const hash = this.#hashAt(at)
    const mask = this.#slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const place = this.#slots[slot] ?? 0
      if (place === 0 || (this.#hashes[slot] === hash && this.#isSame(place - 1, at))) return slot
    }
  }

  /** What follows moves up, so that no search ends too early. */
  #free(slot: number): boolean {
    if (this.#slots[slot] === 0) return false
    const mask = this.#slots.length - 1
    let free = slot
    for (let next = (slot + 1) & mask; this.#slots[next] !== 0; next = (next + 1) & mask) {
      const home = (this.#hashes[next] ?? 0) & mask
      // As far from its home as the free slot is from it, or farther: it may stand there.
      if (((next - home) & mask) < ((next - free) & mask)) continue
      this.#slots[free] = this.#slots[next] ?? 0
      this.#hashes[free] = this.#hashes[next] ?? 0
      free = next
    }
    this.#slots[free] = 0
    this.#size--
    return true
  }

  #grow(): void {
    const [slots, hashes] = [this.#slots, this.#hashes]
    this.#slots = new Int32Array(slots.length * 4)
    this.#hashes = new Int32Array(slots.length * 4)
    const mask = this.#slots.length - 1
    for (const [index, place] of slots.entries()) {
      if (place === 0) continue
      const hash = hashes[index] ?? 0
      let slot = hash & mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
      this.#slots[slot] = place
      this.#hashes[slot] = hash
    }
  }

  #hashAt(at: number): number {
    const bytes = this.#bytes
    const end = keyEnd(bytes, at)
    let hash = step(HASH_START, tableIdAt(bytes, at))
    for (let index = at + CHANGE_BYTES; index < end; index++) hash = step(hash, bytes[index] ?? 0)
    return hash
  }

  #isKey(at: number, key: string): boolean {
    const bytes = this.#bytes
    const start = at + CHANGE_BYTES - 1
    if (keyEnd(bytes, at) - start !== key.length || tableIdAt(bytes, at) !== key.charCodeAt(0)) return false
    for (let index = 1; index < key.length; index++)
      if (bytes[start + index] !== key.charCodeAt(index)) return false
    return true
  }

  #isSame(at: number, other: number): boolean {
    const bytes = this.#bytes
    const end = keyEnd(bytes, at)
    const shift = other - at
    if (keyEnd(bytes, other) - end !== shift || tableIdAt(bytes, at) !== tableIdAt(bytes, other)) return false
    for (let index = at + CHANGE_BYTES; index < end; index++)
      if (bytes[index] !== bytes[index + shift]) return false
    return true
  }
}

function hashOf(key: string): number {
  let hash = HASH_START
  for (let index = 0; index < key.length; index++) hash = step(hash, key.charCodeAt(index))
  return hash | 0
}

function step(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, HASH_FACTOR)
}

function keyEnd(bytes: Buffer, at: number): number {
  return at + CHANGE_BYTES + ((bytes[at + 1] ?? 0) << 8) + (bytes[at + 2] ?? 0)
}
