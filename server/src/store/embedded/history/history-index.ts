import { isBackends } from '../../history-query.ts'
import type { HistoryDraft } from '../../store.ts'
import { indexKey } from '../keys.ts'
import type { RowChange, Rows } from '../rows.ts'
import type { Chunk, ChunkHeader } from './history-chunk.ts'
import { Owners } from './history-owners.ts'

/** A block is closed at the end of the chunk with which it has so many records, or bytes. */
const CLOSED_RECORDS = 1024
const CLOSED_BYTES = 1024 * 1024
const FIRST_RECORDS = CLOSED_RECORDS + 256
const WORD_BYTES = 4
const HEADER_BYTES = 36

/**
 * What is looked up by hash: one word for each record. Their numbers on disk are their places here, plus 1. Blocks of former
 * versions end before the last, which says whether a user sent it.
 */
export const COLUMNS = ['eventId', 'userId', 'senderId', 'type', 'organizationId', 'senderKind'] as const
export type Column = (typeof COLUMNS)[number]

/** The index of consecutive chunks. A search reads only the columns that it needs. */
export type IndexBlock = {
  readonly firstChunk: number
  readonly firstRecordId: number
  readonly chunks: number
  readonly records: number
  readonly oldestWallMs: number
  readonly newestWallMs: number
  /** Records in each chunk. */
  counts(): readonly number[]
  /** Hashes, 4 bytes each, in the order of the records. */
  /** Empty where the block is of a version that had none. */
  column(column: Column): Buffer
}

/** FNV-1a over UTF-16 units. Equal hashes only say where to look. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash >>> 0
}

const BACKENDS_HASH = hashOf('backend')
const USERS_HASH = hashOf('user')

/** Of whether a backend or role SERVICE sent a record. */
export function hashOfSenderKind(isFromBackend: boolean): number {
  return isFromBackend ? BACKENDS_HASH : USERS_HASH
}

/** The newest block, which still grows. */
export class OpenBlock {
  readonly firstChunk: number
  readonly firstRecordId: number
  /** Whose the records are, those of the open chunk included. */
  readonly owners = new Owners()
  /** Whose the answers to its records are. */
  readonly answers = new Owners()
  readonly #bytesMax: number
  readonly #columns = COLUMNS.map(() => Buffer.allocUnsafe(FIRST_RECORDS * WORD_BYTES))
  readonly #counts: number[] = []
  #hashed = 0
  #records = 0
  #bytes = 0
  #oldestWallMs = Number.POSITIVE_INFINITY
  #newestWallMs = Number.NEGATIVE_INFINITY

  constructor(firstChunk: number, firstRecordId: number, bytesMax = CLOSED_BYTES) {
    this.firstChunk = firstChunk
    this.firstRecordId = firstRecordId
    this.#bytesMax = Math.min(bytesMax, CLOSED_BYTES)
  }

  get isFull(): boolean {
    return this.#records >= CLOSED_RECORDS || this.#bytes >= this.#bytesMax
  }

  /** What its finished chunks take. */
  get bytes(): number {
    return this.#bytes
  }

  /** One of its chunks was dropped: its records are nobody's any more. */
  shrink(chunk: Chunk, answerBytesOf: (recordId: number) => number): void {
    this.#bytes -= chunk.header.bytes
    for (let index = 0; index < chunk.header.records; index++) {
      const record = chunk.at(index)
      const { organizationId } = record.draft
      this.owners.add(organizationId, -chunk.costAt(index, record))
      this.answers.add(organizationId, -answerBytesOf(chunk.idAt(index)))
    }
  }

  /** Adds a record of the chunk that is open now. @param recordBytes what it is reckoned to take */
  add(draft: HistoryDraft, recordBytes: number): void {
    this.owners.add(draft.organizationId, recordBytes)
    const offset = this.#hashed++ * WORD_BYTES
    let place = 0
    for (const column of COLUMNS) {
      const hash = column === 'senderKind' ? hashOfSenderKind(isBackends(draft)) : hashOf(draft[column])
      this.#columns[place++]?.writeUInt32LE(hash, offset)
    }
  }

  /** The open chunk is finished: its records are in the block from now on. */
  endChunk({ records, bytes, oldestWallMs, newestWallMs }: ChunkHeader): void {
    this.#counts.push(records)
    this.#records += records
    this.#bytes += bytes
    this.#oldestWallMs = Math.min(this.#oldestWallMs, oldestWallMs)
    this.#newestWallMs = Math.max(this.#newestWallMs, newestWallMs)
  }

  /** The block as it is now. What follows does not change it. */
  snapshot(): IndexBlock {
    const records = this.#records
    const chunks = this.#counts.length
    return {
      firstChunk: this.firstChunk,
      firstRecordId: this.firstRecordId,
      chunks,
      records,
      oldestWallMs: this.#oldestWallMs,
      newestWallMs: this.#newestWallMs,
      counts: () => this.#counts.slice(0, chunks),
      column: (column) => this.#column(column).subarray(0, records * WORD_BYTES),
    }
  }

  #column(column: Column): Buffer {
    return this.#columns[COLUMNS.indexOf(column)] ?? Buffer.alloc(0)
  }
}

/** The rows of a closed block: what it covers, and each column. */
export function blockRows(number: number, block: IndexBlock): readonly RowChange[] {
  const header = Buffer.allocUnsafe(HEADER_BYTES + block.chunks * 2)
  header.writeDoubleBE(block.firstChunk, 0)
  header.writeDoubleBE(block.firstRecordId, 8)
  header.writeDoubleBE(block.oldestWallMs, 16)
  header.writeDoubleBE(block.newestWallMs, 24)
  header.writeUInt32BE(block.records, 32)
  for (const [index, count] of block.counts().entries()) header.writeUInt16BE(count, HEADER_BYTES + index * 2)
  const rows = COLUMNS.map((column, place) => ({
    table: 'historyIndex' as const,
    key: indexKey(number, place + 1),
    value: block.column(column),
  }))
  return [{ table: 'historyIndex', key: indexKey(number, 0), value: header }, ...rows]
}

export function blockRemovals(number: number): readonly RowChange[] {
  return ['header', ...COLUMNS].map((_, place) => ({
    table: 'historyIndex',
    key: indexKey(number, place),
    value: undefined,
  }))
}

/** A closed block; columns are read when they are asked for. `undefined`: it is gone. */
export function readBlock(rows: Rows, number: number): IndexBlock | undefined {
  const row = rows.get('historyIndex', indexKey(number, 0))
  if (row === undefined) return undefined
  const header = Buffer.from(row)
  const chunks = (header.length - HEADER_BYTES) / 2
  const columns = new Map<Column, Buffer>()
  return {
    firstChunk: header.readDoubleBE(0),
    firstRecordId: header.readDoubleBE(8),
    oldestWallMs: header.readDoubleBE(16),
    newestWallMs: header.readDoubleBE(24),
    chunks,
    records: header.readUInt32BE(32),
    counts: () => Array.from({ length: chunks }, (_, index) => header.readUInt16BE(HEADER_BYTES + index * 2)),
    column(column) {
      const known = columns.get(column)
      if (known !== undefined) return known
      const place = COLUMNS.indexOf(column) + 1
      const bytes = Buffer.from(rows.get('historyIndex', indexKey(number, place)) ?? Buffer.alloc(0))
      columns.set(column, bytes)
      return bytes
    },
  }
}
