import { decodeRecord, encodeRecord, recordBytesMax, type StoredRecord } from './history-record.ts'

/** A chunk is finished when it holds this much, records and bytes, though no commit has come by. */
const RECORDS_MAX = 256
const FINISHED_BYTES = 32 * 1024
const FIRST_BYTES = 4096
const USUAL_BYTES = FINISHED_BYTES + 4096
const HEADER_BYTES = 44

/** What a record is reckoned to take in the index, and what later becomes of one entry; bytes. */
const INDEX_BYTES = 24
const OUTCOMES_BYTES = 40

/** What is known of a chunk without reading its records. */
export type ChunkHeader = {
  readonly firstRecordId: number
  readonly records: number
  readonly oldestWallMs: number
  readonly newestWallMs: number
  /** What it is reckoned to take on disk, with its part of the index and its outcomes. */
  readonly bytes: number
  /** Newest mailbox sequence of any record so far. */
  readonly lastSequence: number
}

/** The records accepted between two commits. They become one row, however many they are. */
export class OpenChunk {
  readonly firstRecordId: number
  #bytes: Buffer
  #end = HEADER_BYTES
  #records = 0
  #outcomesBytes = 0
  #oldestWallMs = Number.POSITIVE_INFINITY
  #newestWallMs = Number.NEGATIVE_INFINITY
  #lastSequence: number

  /** @param before the chunk before this one: it will be about as large */
  constructor(firstRecordId: number, lastSequence: number, before?: OpenChunk) {
    this.firstRecordId = firstRecordId
    this.#bytes = Buffer.allocUnsafe(Math.max(FIRST_BYTES, Math.min(USUAL_BYTES, 2 * (before?.bytes ?? 0))))
    this.#lastSequence = lastSequence
  }

  get records(): number {
    return this.#records
  }

  get bytes(): number {
    return this.#end
  }

  get isFull(): boolean {
    return this.#records >= RECORDS_MAX || this.#end >= FINISHED_BYTES
  }

  get header(): ChunkHeader {
    return {
      firstRecordId: this.firstRecordId,
      records: this.#records,
      oldestWallMs: this.#oldestWallMs,
      newestWallMs: this.#newestWallMs,
      bytes: this.#end + this.#records * INDEX_BYTES + this.#outcomesBytes,
      lastSequence: this.#lastSequence,
    }
  }

  add(record: StoredRecord): void {
    this.#makeRoom(recordBytesMax(record) + 4)
    const end = encodeRecord(this.#bytes, this.#end + 4, record)
    this.#bytes.writeUInt32BE(end - this.#end - 4, this.#end)
    this.#end = end
    this.#records++
    const { acceptedAtWallMs } = record.draft
    this.#oldestWallMs = Math.min(this.#oldestWallMs, acceptedAtWallMs)
    this.#newestWallMs = Math.max(this.#newestWallMs, acceptedAtWallMs)
    for (const { sequence } of record.parts) {
      if (sequence > 0) this.#outcomesBytes += OUTCOMES_BYTES
      this.#lastSequence = Math.max(this.#lastSequence, sequence)
    }
  }

  /** The row's value. Nothing may be added after. */
  finish(): Buffer {
    const { firstRecordId, oldestWallMs, newestWallMs, bytes, lastSequence } = this.header
    for (const [index, number] of [firstRecordId, oldestWallMs, newestWallMs, bytes, lastSequence].entries())
      this.#bytes.writeDoubleBE(number, index * 8)
    this.#bytes.writeUInt32BE(this.#records, 40)
    return this.#bytes.subarray(0, this.#end)
  }

  #makeRoom(bytes: number): void {
    if (this.#end + bytes <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#end + bytes))
    this.#bytes.copy(larger, 0, 0, this.#end)
    this.#bytes = larger
  }
}

/** A chunk as it was read back. */
export class Chunk {
  readonly header: ChunkHeader
  readonly #bytes: Buffer
  readonly #starts: number[] = []

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.header = readHeader(bytes)
    let start = HEADER_BYTES
    for (let record = 0; record < this.header.records; record++) {
      this.#starts.push(start + 4)
      start += 4 + bytes.readUInt32BE(start)
    }
  }

  /** The record at this place. @throws RangeError when there is none */
  at(index: number): StoredRecord {
    const start = this.#starts[index]
    if (start === undefined) throw new RangeError('a chunk has no such record')
    return decodeRecord(this.#bytes, start, start + this.#bytes.readUInt32BE(start - 4))
  }
}

export function readHeader(bytes: Buffer): ChunkHeader {
  return {
    firstRecordId: bytes.readDoubleBE(0),
    oldestWallMs: bytes.readDoubleBE(8),
    newestWallMs: bytes.readDoubleBE(16),
    bytes: bytes.readDoubleBE(24),
    lastSequence: bytes.readDoubleBE(32),
    records: bytes.readUInt32BE(40),
  }
}
