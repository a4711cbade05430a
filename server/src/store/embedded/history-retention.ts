import { asBuffer } from './bytes.ts'
import type { HistoryBook } from './history-book.ts'
import { type ChunkHeader, readHeader } from './history-chunk.ts'
import { blockRemovals } from './history-index.ts'
import { numberKey } from './keys.ts'
import { pageOf } from './outcome-pages.ts'

/** Chunks dropped in one round where nothing new came; pages of outcomes at any rate. */
const CHUNKS_MIN = 200
const PAGES_MAX = 2_000

/**
 * Drops the oldest records past the bounds, with their outcomes and their part of the index, a slice at a
 * time. A round may drop twice as many chunks as came since the last, so that it is never overtaken.
 */
export class HistoryRetention {
  readonly #book: HistoryBook
  #oldest: ChunkHeader | undefined
  /** First chunk after the oldest block. */
  #oldestBlockEnd: number | undefined
  #knownChunk: number

  constructor(book: HistoryBook) {
    this.#book = book
    this.#knownChunk = book.state.nextChunk
  }

  prune(nowWallMs: number): void {
    const { state, context } = this.#book
    const { ageMsMax, bytesMax } = context.bounds
    const oldestWallMs = nowWallMs - ageMsMax
    this.#book.tidy()
    const chunksMax = Math.max(CHUNKS_MIN, 2 * (state.nextChunk - this.#knownChunk))
    this.#knownChunk = state.nextChunk
    for (let dropped = 0; dropped < chunksMax; dropped++) {
      const oldest = this.#oldestChunk()
      if (oldest === undefined) break
      if (state.bytes <= bytesMax && oldest.newestWallMs > oldestWallMs) break
      this.#dropChunk(oldest)
    }
    this.#dropBlocks()
    this.#dropPages()
  }

  /** Not while it is not on disk yet. */
  #oldestChunk(): ChunkHeader | undefined {
    const { state, context } = this.#book
    if (this.#oldest !== undefined || state.oldestChunk >= state.nextChunk) return this.#oldest
    const row = context.rows.get('history', numberKey(state.oldestChunk))
    if (row !== undefined) this.#oldest = readHeader(asBuffer(row))
    return this.#oldest
  }

  #dropChunk({ bytes, firstRecordId, records, lastSequence }: ChunkHeader): void {
    const { answers, state } = this.#book
    const answered = answers.forget(firstRecordId, records)
    this.#book.leave([
      { table: 'history', key: numberKey(state.oldestChunk), value: undefined },
      ...answered.changes,
    ])
    state.oldestChunk++
    state.bytes -= bytes + answered.bytes
    state.keptSequence = Math.max(state.keptSequence, lastSequence + 1)
    this.#oldest = undefined
  }

  #dropBlocks(): void {
    const { state } = this.#book
    while (state.oldestBlock < state.nextBlock) {
      const block = this.#oldestBlockEnd === undefined ? this.#book.block(state.oldestBlock) : undefined
      if (block !== undefined) this.#oldestBlockEnd = block.firstChunk + block.chunks
      if (this.#oldestBlockEnd === undefined || this.#oldestBlockEnd > state.oldestChunk) return
      this.#book.leave(blockRemovals(state.oldestBlock))
      state.oldestBlock++
      this.#oldestBlockEnd = undefined
    }
  }

  #dropPages(): void {
    const { pages, state } = this.#book
    const keptPage = pageOf(state.keptSequence)
    for (let dropped = 0; state.oldestPage < keptPage && dropped < PAGES_MAX; dropped++) {
      const number = state.oldestPage++
      pages.forget(number)
      this.#book.leave([{ table: 'outcomes', key: numberKey(number), value: undefined }])
    }
  }
}
