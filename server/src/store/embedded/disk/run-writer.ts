import { checksum } from './checksum.ts'
import type { Files, NewFile } from './files.ts'
import { runName } from './manifest.ts'
import type { RowState } from './memtable.ts'
import { tableIdOf } from './row-key.ts'
import {
  BLOCK_BYTES,
  type Block,
  MAGIC,
  REMOVED_BIT,
  ROW_BYTES,
  ROW_HEAD_BYTES,
  type RunIndex,
  TAIL_BYTES,
  type TableStats,
} from './run-format.ts'

/**
 * Blocks are written together: each write takes a thread of the pool, wakes it and is told of, whatever it writes. Not
 * more than takes a few milliseconds to put together, because nobody else has a turn meanwhile.
 */
const WRITTEN_BYTES = 128 * 1024
/** Bytes of values with which a block is written from where they are: copied, most of what the history takes would be touched once more. */
const UNCOPIED_BYTES = 32 * 1024
/** Rows of one kind in a row after which a block does not go on with the other kind. */
const STREAK_ROWS = 64

/** Writes a run, row by row in ascending order of keys. */
export class RunWriter {
  readonly #file: NewFile
  readonly #blocks: Block[] = []
  readonly #tables: Record<string, TableStats> = {}
  readonly #storeId: string
  readonly number: number
  #rows: Row[] = []
  #rowsBytes = 0
  #streak = 0
  #bytes = 0
  /** Blocks that are to be written, one after the other. */
  #unwritten = Buffer.allocUnsafeSlow(WRITTEN_BYTES + 2 * BLOCK_BYTES)
  #unwrittenBytes = 0

  private constructor(file: NewFile, storeId: string, number: number) {
    this.#file = file
    this.#storeId = storeId
    this.number = number
  }

  static async start(files: Files, storeId: string, number: number): Promise<RunWriter> {
    return new RunWriter(await files.create(runName(number)), storeId, number)
  }

  /** Bytes so far. */
  get bytes(): number {
    return this.#bytes + this.#rowsBytes
  }

  /** Whether a block is full: `endBlock` has to be called before more is added. */
  add(key: string, value: RowState): boolean {
    this.#count(key, value)
    const before = this.#rows.at(-1)
    const isLikeBefore = before !== undefined && (before.value === undefined) === (value === undefined)
    this.#streak = isLikeBefore ? this.#streak + 1 : 1
    this.#rows.push({ key, value })
    this.#rowsBytes += ROW_BYTES + key.length + (value?.length ?? 0)
    return this.#rowsBytes >= BLOCK_BYTES
  }

  /**
   * Whether a row shall begin a new block: those of another table do, and those of the other kind after many of
   * one. So no block spans from what a table's old end has lost to what its new end has got, and what a run
   * touches is known closely from its index.
   */
  beginsBlock(key: string, value: RowState): boolean {
    const before = this.#rows.at(-1)
    if (before === undefined) return false
    if (tableIdOf(before.key) !== tableIdOf(key)) return true
    return this.#streak >= STREAK_ROWS && (before.value === undefined) !== (value === undefined)
  }

  async endBlock(): Promise<void> {
    if (this.#rows.length === 0) return
    const { keysBytes, valuesBytes } = sizeOf(this.#rows)
    const isCopied = valuesBytes < UNCOPIED_BYTES
    const bytes = this.#place(isCopied ? keysBytes + valuesBytes : keysBytes)
    encodeKeys(bytes, this.#rows)
    const values = this.#rows.flatMap(({ value }) => value ?? [])
    if (isCopied) copyInto(bytes, keysBytes, values)
    const first = this.#rows.at(0)?.key ?? ''
    const last = this.#rows.at(-1)?.key ?? ''
    const keysSum = checksum(bytes.subarray(0, keysBytes))
    this.#blocks.push([this.#bytes, keysBytes, valuesBytes, keysSum, first, last])
    this.#rows = []
    this.#rowsBytes = 0
    this.#bytes += keysBytes + valuesBytes
    if (!isCopied) await this.#write(values)
    else if (this.#unwrittenBytes >= WRITTEN_BYTES) await this.#write()
  }

  /** Resolves to the bytes of the file, once it survives a power cut. */
  async finish(): Promise<number> {
    await this.endBlock()
    const content: RunIndex = {
      storeId: this.#storeId,
      number: this.number,
      tables: this.#tables,
      blocks: this.#blocks,
    }
    const index = Buffer.from(JSON.stringify(content))
    const tail = Buffer.alloc(TAIL_BYTES)
    tail.writeDoubleBE(this.#bytes, 0)
    tail.writeUInt32BE(index.length, 8)
    tail.writeUInt32BE(checksum(index), 12)
    tail.writeUInt32BE(MAGIC, 16)
    await this.#write()
    await this.#file.append(Buffer.concat([index, tail]))
    await this.#file.finish()
    return this.#bytes + index.length + TAIL_BYTES
  }

  abandon(): Promise<void> {
    return this.#file.abandon()
  }

  /** The next so many bytes of what is to be written. */
  #place(bytes: number): Buffer {
    const start = this.#unwrittenBytes
    this.#unwrittenBytes += bytes
    if (this.#unwrittenBytes > this.#unwritten.length) {
      const larger = Buffer.allocUnsafeSlow(2 * this.#unwrittenBytes)
      this.#unwritten.copy(larger, 0, 0, start)
      this.#unwritten = larger
    }
    return this.#unwritten.subarray(start, this.#unwrittenBytes)
  }

  /** @param after what comes after it */
  async #write(after: readonly Uint8Array[] = []): Promise<void> {
    await this.#file.append(this.#unwritten.subarray(0, this.#unwrittenBytes), ...after)
    this.#unwrittenBytes = 0
  }

  #count(key: string, value: RowState): void {
    const id = tableIdOf(key)
    this.#tables[id] ??= { rows: 0, bytes: 0, removals: 0 }
    const stats = this.#tables[id]
    if (value === undefined) stats.removals++
    else {
      stats.rows++
      stats.bytes += ROW_BYTES + key.length + value.length
    }
  }
}

type Row = { readonly key: string; readonly value: RowState }

function sizeOf(rows: readonly Row[]): { readonly keysBytes: number; readonly valuesBytes: number } {
  let keysBytes = 4 + rows.length * 4
  let valuesBytes = 0
  for (const { key, value } of rows) {
    keysBytes += ROW_HEAD_BYTES + key.length - 1
    valuesBytes += value?.length ?? 0
  }
  return { keysBytes, valuesBytes }
}

/** What a block begins with; the values follow, one after the other. */
function encodeKeys(bytes: Buffer, rows: readonly Row[]): void {
  bytes.writeUInt32BE(rows.length, 0)
  let keyAt = 4 + rows.length * 4
  for (const [place, { key, value }] of rows.entries()) {
    bytes.writeUInt32BE(keyAt, 4 + place * 4)
    keyAt = writeHead(bytes, keyAt, key, value)
  }
}

function copyInto(bytes: Buffer, at: number, values: readonly Uint8Array[]): void {
  let to = at
  for (const value of values) {
    bytes.set(value, to)
    to += value.length
  }
}

function writeHead(bytes: Buffer, at: number, key: string, value: RowState): number {
  bytes[at] = tableIdOf(key) | (value === undefined ? REMOVED_BIT : 0)
  bytes.writeUInt16BE(key.length - 1, at + 1)
  bytes.writeUInt32BE(value?.length ?? 0, at + 3)
  bytes.writeUInt32BE(value === undefined ? 0 : checksum(value), at + 7)
  bytes.write(key.slice(1), at + ROW_HEAD_BYTES, 'latin1')
  return at + ROW_HEAD_BYTES + key.length - 1
}
