import { asBuffer } from '../fields.ts'
import { Chunk } from '../history/history-chunk.ts'
import { blockRemovals, blockRows, OpenBlock } from '../history/history-index.ts'
import { ownersRemoval } from '../history/history-owners.ts'
import { type HistoryState, historyStateChange, readHistoryState } from '../history/history-state.ts'
import { numberKey, readNumberKey } from '../keys.ts'
import type { RowChange, Rows } from '../rows.ts'
import { readState } from '../state-row.ts'

/** Changes of one commit, bytes. */
const COMMIT_BYTES = 4 * 1024 * 1024

/**
 * Makes the index of the history anew from its chunks. Whose its blocks are is left to the store, as where a former
 * version wrote them.
 */
export async function reconcileHistory(rows: Rows): Promise<void> {
  const numbers: number[] = []
  await rows.scanKeys('history', (key) => void numbers.push(readNumberKey(key)))
  const before = readHistoryState(rows, readState(rows)?.nextSequence ?? 1)
  const index = new NewIndex(rows, await removeIndex(rows), numbers, before)
  await index.build()
  let oldestPage = before.oldestPage
  await rows.scanKeys('outcomes', (key) => {
    oldestPage = Math.min(oldestPage, readNumberKey(key))
  })
  await index.finish(oldestPage)
}

/** Returns the number of the next block. */
async function removeIndex(rows: Rows): Promise<number> {
  const blocks = new Set<number>()
  await rows.scanKeys('historyIndex', (key) => void blocks.add(readNumberKey(key)))
  const owners: number[] = []
  await rows.scanKeys('historyOwners', (key) => void owners.push(readNumberKey(key)))
  await rows.commit([...[...blocks].flatMap(blockRemovals), ...owners.map(ownersRemoval)])
  return Math.max(0, ...[...blocks].slice(-1)) + 1
}

class NewIndex {
  readonly #rows: Rows
  readonly #state: HistoryState
  readonly #chunks: readonly number[]
  #block: OpenBlock
  /** The id that the next record of the block has. */
  #nextId = 0
  #isBlockEmpty = true
  #changes: RowChange[] = []
  #bytes = 0

  constructor(rows: Rows, nextBlock: number, chunks: readonly number[], before: HistoryState) {
    this.#rows = rows
    this.#chunks = chunks
    const oldestChunk = chunks[0] ?? before.nextChunk
    const nextChunk = Math.max(before.nextChunk, (chunks.at(-1) ?? 0) + 1)
    this.#state = { ...before, oldestChunk, nextChunk, nextBlock, oldestBlock: nextBlock, bytes: 0 }
    this.#block = new OpenBlock(oldestChunk, 1)
  }

  async build(): Promise<void> {
    let next = this.#state.oldestChunk
    for (const number of this.#chunks) {
      const row = this.#rows.get('history', numberKey(number))
      if (row === undefined) continue
      // Of a block all chunks follow each other.
      if (number !== next) this.#beginAt(number)
      this.#addChunk(number, new Chunk(asBuffer(row)))
      next = number + 1
      if (this.#bytes >= COMMIT_BYTES) await this.#commit()
    }
    if (next !== this.#state.nextChunk) this.#beginAt(this.#state.nextChunk)
  }

  async finish(oldestPage: number): Promise<void> {
    const state = this.#state
    // The open block is in no row; a state that begins with it is as after a commit.
    state.openBlockChunk = this.#block.firstChunk
    state.toldFromBlock = state.nextBlock
    state.nextRecordId = Math.max(state.nextRecordId, this.#nextId)
    state.oldestPage = oldestPage
    await this.#rows.scan('eventAnswers', (_key, value) => {
      state.bytes += value.byteLength
    })
    this.#changes.push(historyStateChange(state))
    await this.#commit()
  }

  #addChunk(number: number, chunk: Chunk): void {
    const { header } = chunk
    if (this.#isBlockEmpty) this.#block = new OpenBlock(this.#block.firstChunk, header.firstRecordId)
    for (let place = 0; place < header.records; place++) {
      const record = chunk.at(place)
      this.#block.add(record.draft, chunk.costAt(place, record))
    }
    this.#block.endChunk(header)
    this.#state.bytes += header.bytes
    this.#state.lastSequence = Math.max(this.#state.lastSequence, header.lastSequence)
    this.#isBlockEmpty = false
    this.#nextId = header.endRecordId
    if (this.#block.isFull) this.#beginAt(number + 1)
  }

  /** @param firstChunk of the next block */
  #beginAt(firstChunk: number): void {
    if (!this.#isBlockEmpty)
      for (const change of blockRows(this.#state.nextBlock++, this.#block.snapshot())) this.#leave(change)
    this.#block = new OpenBlock(firstChunk, this.#nextId)
    this.#isBlockEmpty = true
  }

  #leave(change: RowChange): void {
    this.#changes.push(change)
    this.#bytes += change.value?.byteLength ?? 0
  }

  async #commit(): Promise<void> {
    await this.#rows.commit(this.#changes)
    this.#changes = []
    this.#bytes = 0
  }
}
