import { asBuffer } from '../fields.ts'
import { numberKey } from '../keys.ts'
import type { HistoryBook } from './history-book.ts'
import { Chunk } from './history-chunk.ts'
import { dropBlock, removeBlock } from './history-drop.ts'
import { rewriteBlock } from './history-rewrite.ts'
import type { HistoryShares, KeptBlock } from './history-shares.ts'
import { HistoryTelling } from './history-telling.ts'
import { pageOf } from './outcome-pages.ts'

/** Chunks dropped for their age in one round where nothing new came; pages of outcomes at any rate. */
const CHUNKS_MIN = 200
const PAGES_MAX = 2_000
/** Rows dropped with one commit, about. */
const TRIMMED_ROWS_MAX = 4_000
/** Bytes of blocks written anew with one commit, besides twice what came since the last: half of it becomes free. */
const REWRITTEN_BYTES = 512 * 1024

/**
 * Drops what is too old, and, past the bound of bytes, the oldest records of the organization that has the most, with
 * their outcomes and their part of the index, a slice at a time.
 *
 * A block of the index in which nobody has anything any more is dropped whole. One of which less than half is left is
 * written anew: so what is written for that is never more than what becomes free.
 */
export class HistoryRetention {
  readonly #book: HistoryBook
  readonly #telling: HistoryTelling
  /** Of which less than half is left, and what becomes free when they are written anew. */
  readonly #wasteful = new Map<KeptBlock, number>()
  #reclaimable = 0
  #oldest: Chunk | undefined
  #knownChunk: number
  /** Bytes at the end of the last trimming. */
  #trimmedBytes: number

  constructor(book: HistoryBook) {
    this.#book = book
    this.#telling = new HistoryTelling(book)
    this.#knownChunk = book.state.nextChunk
    this.#trimmedBytes = book.state.bytes
    for (const block of book.shares.blocks) this.#judgeWaste(block)
  }

  /** A round of everything, some times a second. A round may drop twice as many chunks as came since the last. */
  prune(nowWallMs: number): void {
    const { shares, state, context } = this.#book
    const oldestWallMs = nowWallMs - context.bounds.ageMsMax
    this.#book.tidy()
    const chunksMax = Math.max(CHUNKS_MIN, 2 * (state.nextChunk - this.#knownChunk))
    this.#knownChunk = state.nextChunk
    for (let dropped = 0; dropped < chunksMax; dropped++) {
      const oldest = this.#oldestChunk()
      if (oldest === undefined || oldest.header.newestWallMs > oldestWallMs) break
      this.#dropChunk(oldest)
    }
    this.tellOn()
    this.trim()
    this.#dropPages()
    this.#book.leave(shares.forgetCuts(shares.blocks[0]?.firstRecordId ?? this.#book.openRecordId))
  }

  /** Goes back below the bound of bytes, as far as one commit may. To be called before each. */
  trim(): void {
    const { context, shares, state } = this.#book
    const { bytesMax } = context.bounds
    const cut = new Set<NonNullable<ReturnType<HistoryShares['largest']>>>()
    const rewrittenMax = REWRITTEN_BYTES + 2 * Math.max(0, state.bytes - this.#trimmedBytes)
    for (let rows = 0; state.bytes - this.#reclaimable > bytesMax && rows < TRIMMED_ROWS_MAX; ) {
      const largest = this.#isByAge() ? undefined : shares.largest()
      const untoldBytes = shares.isTold ? 0 : state.bytes - shares.toldBytes
      if (largest === undefined || untoldBytes > largest.bytes) {
        const oldest = this.#oldestChunk()
        if (oldest === undefined) break
        this.#dropChunk(oldest)
        rows++
        continue
      }
      const block = shares.cut(largest)
      if (block === undefined) break
      cut.add(largest)
      rows += this.#judge(block)
    }
    this.#rewriteSome(rewrittenMax)
    this.#trimmedBytes = Math.min(state.bytes, bytesMax)
    this.#book.leave([...cut].map((organization) => shares.cutChange(organization)))
  }

  /** Finds out a little more of whose the records are that a former version wrote. */
  tellOn(): void {
    const told = this.#telling.step()
    if (told !== undefined) this.#judge(told)
  }

  /** Writes a block anew without some of its records. @returns whether it could */
  erase(block: KeptBlock, isKept: Parameters<typeof rewriteBlock>[2]): boolean {
    if (!rewriteBlock(this.#book, block, isKept)) return false
    this.#forget(block)
    return true
  }

  #isByAge(): boolean {
    return this.#book.context.bounds.organizationSharePercent === 100
  }

  /** What is to be done with a block that somebody has lost records of. Returns the rows dropped, about. */
  #judge(block: KeptBlock): number {
    if (block.live > 0) {
      this.#judgeWaste(block)
      return 1
    }
    const { chunks, firstSequence, lastSequence } = block
    this.#forget(block)
    dropBlock(this.#book, block)
    return chunks + Math.max(0, pageOf(lastSequence) - pageOf(firstSequence))
  }

  #judgeWaste(block: KeptBlock): void {
    if (!block.isTold || 2 * block.live > block.bytes) return
    const waste = block.bytes - block.live
    this.#reclaimable += waste - (this.#wasteful.get(block) ?? 0)
    this.#wasteful.set(block, waste)
  }

  /** Last: whatever is cut of a block before it is written anew, or goes whole, was not written in vain. */
  #rewriteSome(bytesMax: number): void {
    const { context, state } = this.#book
    let bytes = 0
    for (const block of this.#wasteful.keys()) {
      if (state.bytes <= context.bounds.bytesMax || bytes > bytesMax) return
      const before = block.bytes
      if (!rewriteBlock(this.#book, block)) continue
      bytes += before
      this.#forget(block)
    }
  }

  #forget(block: KeptBlock): void {
    this.#reclaimable -= this.#wasteful.get(block) ?? 0
    this.#wasteful.delete(block)
    this.#oldest = undefined
  }

  /** Not while it is not on disk yet. */
  #oldestChunk(): Chunk | undefined {
    const { shares, state, context } = this.#book
    const [block] = shares.blocks
    if (block !== undefined && !this.#book.isOnDisk(block.number)) return undefined
    if (this.#oldest !== undefined || state.oldestChunk >= state.nextChunk) return this.#oldest
    const row = context.rows.get('history', numberKey(state.oldestChunk))
    if (row !== undefined) this.#oldest = new Chunk(asBuffer(row))
    return this.#oldest
  }

  #dropChunk(oldest: Chunk): void {
    const { bytes, firstRecordId, endRecordId, lastSequence } = oldest.header
    const { answers, shares, state } = this.#book
    const [block] = shares.blocks
    if (block === undefined) this.#book.shrinkOpen(oldest)
    const answered = answers.forgetBelow(firstRecordId, endRecordId)
    const removal = { table: 'history', key: numberKey(state.oldestChunk++), value: undefined } as const
    this.#book.leave([removal, ...answered.changes])
    state.bytes -= bytes + answered.bytes
    state.keptSequence = Math.max(state.keptSequence, lastSequence + 1)
    this.#oldest = undefined
    if (block === undefined) return
    shares.resize(block, -bytes - answered.bytes)
    if (state.oldestChunk < block.endChunk) return
    this.#forget(block)
    removeBlock(this.#book, block)
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
