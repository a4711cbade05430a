import { checksum } from './checksum.ts'
import { DamageError } from './damage.ts'
import type { ReadableFile, ReadableFiles } from './files.ts'
import { type RunInfo, runName } from './manifest.ts'
import type { RowState } from './memtable.ts'
import { tableIdOf } from './row-key.ts'
import { type Block, MAGIC, REMOVED_BIT, ROW_HEAD_BYTES, type RunIndex, TAIL_BYTES } from './run-format.ts'

/** Reads a run. Every byte that is used was checked first. */
export class Run {
  readonly info: RunInfo
  readonly path: string
  readonly index: RunIndex
  /** The last key of each table. */
  readonly lasts: ReadonlyMap<number, string>
  readonly #file: ReadableFile
  /** What was looked up last: the next row is often beside it. */
  #looked: { readonly block: Block; readonly keys: BlockKeys } | undefined

  /** @throws DamageError */
  constructor(files: ReadableFiles, info: RunInfo, storeId: string) {
    this.info = info
    this.path = `${files.path}/${runName(info.number)}`
    this.#file = files.open(runName(info.number))
    try {
      const size = files.sizeOf(runName(info.number)) ?? 0
      if (size !== info.bytes) throw new DamageError(this.path, `has ${size} bytes instead of ${info.bytes}`)
      this.index = readRunIndex(this.#file, this.path, size)
      if (this.index.storeId !== storeId || this.index.number !== info.number)
        throw new DamageError(this.path, 'belongs to another store')
      // Of several blocks of a table the last counts; no block has rows of two tables.
      this.lasts = new Map(this.index.blocks.map(([, , , , , last]) => [tableIdOf(last), last]))
    } catch (error) {
      this.#file.close()
      throw error
    }
  }

  get blocks(): readonly Block[] {
    return this.index.blocks
  }

  get first(): string {
    return this.blocks.at(0)?.[4] ?? ''
  }

  get last(): string {
    return this.blocks.at(-1)?.[5] ?? ''
  }

  /** Whether the run says anything of a row: `{ value }`, or `{ value: undefined }` where it removes it. */
  find(key: string): { readonly value: RowState } | undefined {
    const block = this.blocks[this.blockFor(key)]
    if (block === undefined || block[4] > key) return undefined
    if (this.#looked?.block !== block) this.#looked = { block, keys: this.readKeys(block) }
    const { keys } = this.#looked
    const place = keys.placeOf(key)
    if (place === undefined) return undefined
    const row = keys.row(place)
    if (row.isRemoved) return { value: undefined }
    const value = this.#read(block[0] + block[1] + keys.valueStart(place), row.valueBytes)
    if (checksum(value) !== row.valueSum) throw this.damage(block)
    return { value }
  }

  /** Place of the first block that may have keys from `key` on. */
  blockFor(key: string): number {
    let low = 0
    let high = this.blocks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.blocks[middle]?.[5] ?? '') < key) low = middle + 1
      else high = middle
    }
    return low
  }

  readKeys(block: Block): BlockKeys {
    const bytes = this.#read(block[0], block[1])
    if (checksum(bytes) !== block[3]) throw this.damage(block)
    return new BlockKeys(bytes)
  }

  /** Values are not checked yet. */
  readBlock(block: Block): { readonly keys: BlockKeys; readonly values: Buffer } {
    const bytes = this.#read(block[0], block[1] + block[2])
    const keys = bytes.subarray(0, block[1])
    if (checksum(keys) !== block[3]) throw this.damage(block)
    return { keys: new BlockKeys(keys), values: bytes.subarray(block[1]) }
  }

  /** A block as it is in the file, every key and value checked. */
  readChecked(block: Block): Buffer {
    const bytes = this.#read(block[0], block[1] + block[2])
    const keysBytes = bytes.subarray(0, block[1])
    if (checksum(keysBytes) !== block[3]) throw this.damage(block)
    const keys = new BlockKeys(keysBytes)
    let at = block[1]
    for (let place = 0; place < keys.rows; place++) {
      const { isRemoved, valueBytes, valueSum } = keys.row(place)
      if (!isRemoved && checksum(bytes.subarray(at, at + valueBytes)) !== valueSum) throw this.damage(block)
      at += valueBytes
    }
    return bytes
  }

  /** What follows the blocks: two runs with the same have the same rows, for it has the checksums of all. */
  readEnd(): Buffer {
    const [offset, keysBytes, valuesBytes] = this.blocks.at(-1) ?? [0, 0, 0]
    const at = offset + keysBytes + valuesBytes
    return this.#read(at, this.info.bytes - at)
  }

  damage(block: Block): DamageError {
    return new DamageError(
      this.path,
      `is damaged between bytes ${block[0]} and ${block[0] + block[1] + block[2]}`,
    )
  }

  close(): void {
    this.#file.close()
  }

  #read(position: number, bytes: number): Buffer {
    return readBytes(this.#file, this.path, position, bytes)
  }
}

/** @throws DamageError when the index of the run is not as it was written */
export function readRunIndex(file: ReadableFile, path: string, size: number): RunIndex {
  if (size < TAIL_BYTES) throw new DamageError(path, 'ends too early')
  const tail = readBytes(file, path, size - TAIL_BYTES, TAIL_BYTES)
  const at = tail.readDoubleBE(0)
  const bytes = tail.readUInt32BE(8)
  if (tail.readUInt32BE(16) !== MAGIC || at + bytes + TAIL_BYTES !== size)
    throw new DamageError(path, 'is damaged at its end')
  const index = readBytes(file, path, at, bytes)
  if (checksum(index) !== tail.readUInt32BE(12)) throw new DamageError(path, 'is damaged in its index')
  return JSON.parse(index.toString('utf8'))
}

function readBytes(file: ReadableFile, path: string, position: number, bytes: number): Buffer {
  const target = Buffer.allocUnsafe(bytes)
  if (file.read(target, position) !== bytes) throw new DamageError(path, 'ends too early')
  return target
}

export type RowHead = {
  readonly isRemoved: boolean
  readonly valueBytes: number
  readonly valueSum: number
}

/** The keys of a block, with what is known of each row. */
export class BlockKeys {
  readonly #bytes: Buffer
  readonly rows: number

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.rows = bytes.readUInt32BE(0)
  }

  key(place: number): string {
    const at = this.#at(place)
    const table = String.fromCharCode((this.#bytes[at] ?? 0) & ~REMOVED_BIT)
    const start = at + ROW_HEAD_BYTES
    return table + this.#bytes.toString('latin1', start, start + this.#bytes.readUInt16BE(at + 1))
  }

  row(place: number): RowHead {
    const at = this.#at(place)
    return {
      isRemoved: ((this.#bytes[at] ?? 0) & REMOVED_BIT) !== 0,
      valueBytes: this.#bytes.readUInt32BE(at + 3),
      valueSum: this.#bytes.readUInt32BE(at + 7),
    }
  }

  valueStart(place: number): number {
    let start = 0
    for (let before = 0; before < place; before++) start += this.#bytes.readUInt32BE(this.#at(before) + 3)
    return start
  }

  /** Place of the first key from `key` on. */
  firstFrom(key: string): number {
    let low = 0
    let high = this.rows
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.key(middle) < key) low = middle + 1
      else high = middle
    }
    return low
  }

  placeOf(key: string): number | undefined {
    const place = this.firstFrom(key)
    return place < this.rows && this.key(place) === key ? place : undefined
  }

  #at(place: number): number {
    return this.#bytes.readUInt32BE(4 + place * 4)
  }
}
