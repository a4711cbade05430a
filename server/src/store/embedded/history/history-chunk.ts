import {
  decodeRecord,
  encodeRecord,
  organizationIn,
  recordBytesMax,
  type StoredRecord,
} from './history-record.ts'

/** A chunk is finished when it holds this much, records and bytes, though no commit has come by. */
const RECORDS_MAX = 256
const FINISHED_BYTES = 32 * 1024
const FIRST_BYTES = 4096
const USUAL_BYTES = FINISHED_BYTES + 4096
const HEADER_BYTES = 44
/** Set beside the number of records where their ids follow them, because some between them are gone. */
const HAS_IDS = 0x8000_0000
const ID_BYTES = 4
const LENGTH_BYTES = 4

/** What a record is reckoned to take in the index, and what later becomes of one entry; bytes. */
const INDEX_BYTES = 24
const OUTCOMES_BYTES = 40

/** What is known of a chunk without reading its records. */
export type ChunkHeader = {
  readonly firstRecordId: number
  /** The id after its last record's. */
  readonly endRecordId: number
  readonly records: number
  readonly oldestWallMs: number
  readonly newestWallMs: number
  /** What it is reckoned to take on disk, with its part of the index and its outcomes. */
  readonly bytes: number
  /** Newest mailbox sequence of any record so far. */
  readonly lastSequence: number
}

/** What a record takes as it is reckoned, its part of the index and its outcomes to come included; bytes. */
function costOf(recordBytes: number, { parts }: StoredRecord): number {
  let bytes = LENGTH_BYTES + recordBytes + INDEX_BYTES
  for (const { sequence } of parts) if (sequence > 0) bytes += OUTCOMES_BYTES
  return bytes
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
  /** Of each record, counted from the first; `undefined`: they follow each other. */
  #ids: number[] | undefined

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
      endRecordId:
        this.firstRecordId + (this.#ids === undefined ? this.#records : (this.#ids.at(-1) ?? 0) + 1),
      records: this.#records,
      oldestWallMs: this.#oldestWallMs,
      newestWallMs: this.#newestWallMs,
      bytes: this.#end + this.#idBytes + this.#records * INDEX_BYTES + this.#outcomesBytes,
      lastSequence: this.#lastSequence,
    }
  }

  get #idBytes(): number {
    return (this.#ids?.length ?? 0) * ID_BYTES
  }

  /** Adds a record that does not follow the one before: some between them are gone. All of a chunk, or none. */
  addKept(recordId: number, record: StoredRecord): number {
    this.#ids ??= []
    this.#ids.push(recordId - this.firstRecordId)
    return this.add(record)
  }

  /** Returns what the record is reckoned to take, bytes. */
  add(record: StoredRecord): number {
    this.#makeRoom(recordBytesMax(record) + LENGTH_BYTES)
    const end = encodeRecord(this.#bytes, this.#end + LENGTH_BYTES, record)
    const recordBytes = end - this.#end - LENGTH_BYTES
    this.#bytes.writeUInt32BE(recordBytes, this.#end)
    this.#end = end
    this.#records++
    const { acceptedAtWallMs } = record.draft
    this.#oldestWallMs = Math.min(this.#oldestWallMs, acceptedAtWallMs)
    this.#newestWallMs = Math.max(this.#newestWallMs, acceptedAtWallMs)
    for (const { sequence } of record.parts) {
      if (sequence > 0) this.#outcomesBytes += OUTCOMES_BYTES
      this.#lastSequence = Math.max(this.#lastSequence, sequence)
    }
    return costOf(recordBytes, record)
  }

  /** The row's value. Nothing may be added after. */
  finish(): Buffer {
    const { firstRecordId, oldestWallMs, newestWallMs, bytes, lastSequence } = this.header
    for (const [index, number] of [firstRecordId, oldestWallMs, newestWallMs, bytes, lastSequence].entries())
      this.#bytes.writeDoubleBE(number, index * 8)
    this.#bytes.writeUInt32BE(this.#ids === undefined ? this.#records : this.#records + HAS_IDS, 40)
    const end = this.#end
    this.#makeRoom(this.#idBytes)
    for (const [index, id] of (this.#ids ?? []).entries())
      this.#bytes.writeUInt32BE(id, end + index * ID_BYTES)
    return this.#bytes.subarray(0, end + this.#idBytes)
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
  /** Where the ids of the records are; `undefined`: they follow each other. */
  readonly #idsStart: number | undefined

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.header = readHeader(bytes)
    let start = HEADER_BYTES
    for (let record = 0; record < this.header.records; record++) {
      this.#starts.push(start + LENGTH_BYTES)
      start += LENGTH_BYTES + bytes.readUInt32BE(start)
    }
    this.#idsStart = bytes.readUInt32BE(40) < HAS_IDS ? undefined : start
  }

  /** The id of the record at this place. */
  idAt(index: number): number {
    const { firstRecordId } = this.header
    if (this.#idsStart === undefined) return firstRecordId + index
    return firstRecordId + this.#bytes.readUInt32BE(this.#idsStart + index * ID_BYTES)
  }

  /** Whose the record at this place is. Cheaper than to read it. */
  organizationAt(index: number): string {
    return organizationIn(this.#bytes, this.#starts[index] ?? 0)
  }

  /** What the record at this place is reckoned to take, bytes. */
  costAt(index: number, record: StoredRecord): number {
    return costOf(this.#bytes.readUInt32BE((this.#starts[index] ?? 0) - LENGTH_BYTES), record)
  }

  /** The record at this place. @throws RangeError when there is none */
  at(index: number): StoredRecord {
    const start = this.#starts[index]
    if (start === undefined) throw new RangeError('a chunk has no such record')
    return decodeRecord(this.#bytes, start, start + this.#bytes.readUInt32BE(start - LENGTH_BYTES))
  }
}

export function readHeader(bytes: Buffer): ChunkHeader {
  const firstRecordId = bytes.readDoubleBE(0)
  const count = bytes.readUInt32BE(40)
  const records = count % HAS_IDS
  const span = count < HAS_IDS ? records : bytes.readUInt32BE(bytes.length - ID_BYTES) + 1
  return {
    firstRecordId,
    endRecordId: firstRecordId + span,
    records,
    oldestWallMs: bytes.readDoubleBE(8),
    newestWallMs: bytes.readDoubleBE(16),
    bytes: bytes.readDoubleBE(24),
    lastSequence: bytes.readDoubleBE(32),
  }
}
