import { asBuffer } from '../fields.ts'
import { numberKey } from '../keys.ts'
import type { HistoryBook } from './history-book.ts'
import { Chunk } from './history-chunk.ts'
import { Owners, ownersBytes, ownersChange, ownersOf } from './history-owners.ts'
import type { KeptBlock } from './history-shares.ts'

/** What is read at a time, bytes. */
const SLICE_BYTES = 1024 * 1024

/**
 * Finds out whose the records are that a former version wrote, which did not write that down: block by block, the
 * newest first, a slice at a time.
 */
export class HistoryTelling {
  readonly #book: HistoryBook
  #under: Under | undefined

  constructor(book: HistoryBook) {
    this.#book = book
  }

  /** Reads one slice; returns the block that is told now. */
  step(): KeptBlock | undefined {
    const block = this.#book.shares.untold()
    if (block === undefined) return undefined
    const begin = Math.max(block.firstChunk, this.#book.state.oldestChunk)
    // What was dropped meanwhile was counted: it begins anew.
    if (this.#under?.block !== block || this.#under.begin !== begin) this.#under = new Under(block, begin)
    for (let read = 0; read < SLICE_BYTES; ) {
      const bytes = this.#under.readChunk(this.#book)
      if (bytes === undefined) {
        this.#under.tell(this.#book)
        return block
      }
      read += bytes
    }
    return undefined
  }
}

/** A block that is being read. */
class Under {
  readonly block: KeptBlock
  readonly begin: number
  readonly #owners = new Owners()
  readonly #answers = new Owners()
  #next: number
  #bytes = 0
  #firstSequence = Number.POSITIVE_INFINITY
  #lastSequence = 0

  constructor(block: KeptBlock, begin: number) {
    this.block = block
    this.begin = begin
    this.#next = begin
  }

  /** Returns the bytes of the chunk; `undefined`: there are no more. */
  readChunk({ answers, context }: HistoryBook): number | undefined {
    if (this.#next >= this.block.endChunk) return undefined
    const row = context.rows.get('history', numberKey(this.#next++))
    if (row === undefined) return 0
    const chunk = new Chunk(asBuffer(row))
    for (let index = 0; index < chunk.header.records; index++) {
      const record = chunk.at(index)
      const { organizationId } = record.draft
      this.#owners.add(organizationId, chunk.costAt(index, record))
      this.#answers.add(organizationId, answers.bytesOf(chunk.idAt(index)))
      for (const { sequence } of record.parts)
        if (sequence > 0) this.#firstSequence = Math.min(this.#firstSequence, sequence)
    }
    this.#bytes += chunk.header.bytes
    this.#lastSequence = Math.max(this.#lastSequence, chunk.header.lastSequence)
    return row.byteLength
  }

  tell(book: HistoryBook): void {
    const { shares, state } = book
    const { number, firstChunk, chunks, firstRecordId, endRecordId } = this.block
    const owners = ownersOf(this.#owners, this.#bytes)
    const place = { number, firstChunk, chunks, firstRecordId, endRecordId }
    const lastSequence = this.#lastSequence
    const sequences = { firstSequence: Math.min(this.#firstSequence, lastSequence + 1), lastSequence }
    const told = { ...place, ...sequences, bytes: this.#bytes + ownersBytes(owners), owners }
    state.bytes += ownersBytes(owners)
    book.leave([ownersChange(told)])
    shares.tell(this.block, told)
    for (const answer of this.#answers.list()) shares.charge(this.block, answer.organizationId, answer.bytes)
  }
}
