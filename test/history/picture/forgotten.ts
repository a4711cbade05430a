import { createHash } from 'node:crypto'

const BITS = 2 ** 26
const HASHES = 4

/** Names, of which no number takes more room: a Bloom filter, which is sure of no and errs now and then with yes. */
export class Forgotten {
  #bits: Uint8Array | undefined

  add(name: string): void {
    this.#bits ??= new Uint8Array(BITS / 8)
    for (const at of placesOf(name)) this.#bits[at >> 3] = (this.#bits[at >> 3] ?? 0) | (1 << (at & 7))
  }

  has(name: string): boolean {
    const bits = this.#bits
    return bits !== undefined && placesOf(name).every((at) => ((bits[at >> 3] ?? 0) & (1 << (at & 7))) !== 0)
  }
}

function placesOf(name: string): readonly number[] {
  const hash = createHash('sha256').update(name).digest()
  return Array.from({ length: HASHES }, (_, index) => hash.readUInt32BE(index * 4) % BITS)
}
