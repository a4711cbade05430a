import { isFinal } from '../../history-query.ts'
import { asBuffer } from '../fields.ts'
import { numberKey } from '../keys.ts'
import type { RowChange } from '../rows.ts'
import type { HistoryBook } from './history-book.ts'
import { Chunk, OpenChunk } from './history-chunk.ts'
import { dropBlock, dropPages } from './history-drop.ts'
import { blockRows, OpenBlock } from './history-index.ts'
import { Owners, ownersBytes, ownersChange, ownersOf } from './history-owners.ts'
import type { StoredPart, StoredRecord } from './history-record.ts'
import type { KeptBlock } from './history-shares.ts'
import { pageOf } from './outcome-pages.ts'

/**
 * Writes a closed block anew without the records that their organizations have lost: the rest, with ids of their own and
 * whatever has become of them for good, in as few chunks as will do.
 *
 * @param isKept what of the rest; default: all. Where nothing is left, the block goes whole.
 * @returns whether it could: what is not on disk yet cannot be read
 */
export function rewriteBlock(
  book: HistoryBook,
  block: KeptBlock,
  isKept: (record: StoredRecord) => boolean = () => true,
): boolean {
  const chunks = book.isOnDisk(block.number) ? readChunks(book, block) : undefined
  if (chunks === undefined) return false
  const kept = new KeptRecords(book, block)
  for (const chunk of chunks) {
    for (let index = 0; index < chunk.header.records; index++) {
      const recordId = chunk.idAt(index)
      if (recordId < book.shares.fromOf(chunk.organizationAt(index))) continue
      const record = chunk.at(index)
      if (isKept(record)) kept.add(recordId, record)
    }
  }
  if (kept.isEmpty) dropBlock(book, block)
  else kept.finish()
  return true
}

function readChunks({ context, state }: HistoryBook, block: KeptBlock): readonly Chunk[] | undefined {
  const chunks: Chunk[] = []
  for (let number = Math.max(block.firstChunk, state.oldestChunk); number < block.endChunk; number++) {
    const row = context.rows.get('history', numberKey(number))
    if (row === undefined) return undefined
    chunks.push(new Chunk(asBuffer(row)))
  }
  return chunks
}

/** The records that stay, and the rows that they become. */
class KeptRecords {
  readonly #book: HistoryBook
  readonly #block: KeptBlock
  readonly #index: OpenBlock
  readonly #answers = new Owners()
  readonly #ids = new Set<number>()
  /** Pages with what may still become of them. */
  readonly #pages = new Set<number>()
  readonly #changes: RowChange[] = []
  #chunk: OpenChunk | undefined
  #nextChunk: number
  #lastSequence: number

  constructor(book: HistoryBook, block: KeptBlock) {
    this.#book = book
    this.#block = block
    this.#nextChunk = Math.max(block.firstChunk, book.state.oldestChunk)
    this.#index = new OpenBlock(this.#nextChunk, block.firstRecordId)
    this.#lastSequence = block.firstSequence - 1
  }

  get isEmpty(): boolean {
    return this.#ids.size === 0
  }

  add(recordId: number, record: StoredRecord): void {
    const { answers } = this.#book
    const { organizationId } = record.draft
    this.#ids.add(recordId)
    const parts = record.parts.map((part) => this.#complete(part))
    this.#chunk ??= new OpenChunk(recordId, this.#lastSequence)
    this.#index.add(record.draft, this.#chunk.addKept(recordId, { draft: record.draft, parts }))
    this.#answers.add(organizationId, answers.bytesOf(recordId))
    const isLast = this.#nextChunk === this.#block.endChunk - 1
    if (this.#chunk.isFull && !isLast) this.#finishChunk(this.#chunk)
  }

  /** Leaves all rows, and tells anew whose they are. */
  finish(): void {
    if (this.#chunk !== undefined) this.#finishChunk(this.#chunk)
    const { answers, shares, state } = this.#book
    const block = this.#block
    const { number, firstRecordId, endRecordId, firstSequence, lastSequence } = block
    const index = this.#index.snapshot()
    const owners = ownersOf(this.#index.owners, this.#index.bytes)
    const place = { number, firstChunk: index.firstChunk, chunks: index.chunks, firstRecordId, endRecordId }
    const bytes = this.#index.bytes + ownersBytes(owners)
    const told = { ...place, firstSequence, lastSequence, bytes, owners }
    for (let chunk = this.#nextChunk; chunk < block.endChunk; chunk++)
      this.#changes.push({ table: 'history', key: numberKey(chunk), value: undefined })
    const forgotten = answers.forget(firstRecordId, endRecordId, (recordId) => !this.#ids.has(recordId))
    this.#book.leave([
      ...this.#changes,
      ...blockRows(number, index),
      ownersChange(told),
      ...forgotten.changes,
    ])
    this.#book.noteRewritten(number)
    dropPages(this.#book, block, (page) => this.#pages.has(page))
    state.bytes -= block.bytes
    shares.retell(block, told, this.#pages)
    for (const answer of this.#answers.list()) shares.charge(block, answer.organizationId, answer.bytes)
    state.bytes += block.bytes
  }

  /** What nothing more can become of is told with the record: its page can go. */
  #complete(part: StoredPart): StoredPart {
    const { userEndpointId, sequence, at } = part
    if (sequence === 0) return part
    const all = [...at, ...this.#book.pages.of(sequence)]
    const last = all.at(-1)
    if (last !== undefined && isFinal(last.outcome)) return { userEndpointId, sequence: 0, at: all }
    this.#pages.add(pageOf(sequence))
    return part
  }

  #finishChunk(chunk: OpenChunk): void {
    const { header } = chunk
    this.#changes.push({ table: 'history', key: numberKey(this.#nextChunk++), value: chunk.finish() })
    this.#index.endChunk(header)
    this.#lastSequence = header.lastSequence
    this.#chunk = undefined
  }
}
