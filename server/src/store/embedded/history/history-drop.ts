import { numberKey } from '../keys.ts'
import type { RowChange } from '../rows.ts'
import type { HistoryBook } from './history-book.ts'
import { blockRemovals } from './history-index.ts'
import { ownersRemoval } from './history-owners.ts'
import type { KeptBlock } from './history-shares.ts'
import { pageOf } from './outcome-pages.ts'

/** Drops a closed block, wherever it is in the history, with its chunks, answers and outcomes. */
export function dropBlock(book: HistoryBook, block: KeptBlock): void {
  const { answers, state } = book
  const changes: RowChange[] = [...answers.forget(block.firstRecordId, block.endRecordId).changes]
  for (let chunk = Math.max(block.firstChunk, state.oldestChunk); chunk < block.endChunk; chunk++)
    changes.push({ table: 'history', key: numberKey(chunk), value: undefined })
  book.leave(changes)
  dropPages(book, block, () => false)
  removeBlock(book, block)
}

/** Removes a block whose chunks are gone, and whatever it took besides. */
export function removeBlock(book: HistoryBook, block: KeptBlock): void {
  const { shares, state } = book
  const isOldest = shares.blocks[0] === block
  state.bytes -= block.bytes
  book.leave([...blockRemovals(block.number), ownersRemoval(block.number)])
  shares.remove(block)
  if (!isOldest) return
  const [oldest] = shares.blocks
  state.oldestBlock = oldest?.number ?? state.nextBlock
  state.oldestChunk = Math.max(state.oldestChunk, oldest?.firstChunk ?? state.openBlockChunk)
  state.keptSequence = Math.max(state.keptSequence, block.lastSequence + 1)
}

/** Removes the pages of outcomes that only a block's records have, but those that are still needed. */
export function dropPages(book: HistoryBook, block: KeptBlock, isNeeded: (page: number) => boolean): void {
  const { pages, shares, state } = book
  const { firstSequence, lastSequence } = block
  if (firstSequence === 0 || firstSequence > lastSequence) return
  const index = shares.indexOf(block.number)
  const before = shares.blocks[index - 1]
  const beforeSequence = before === undefined || before.isTold ? before?.lastSequence : firstSequence - 1
  const afterSequence = shares.blocks[index + 1]?.firstSequence ?? book.openSequence
  const shared = beforeSequence === undefined ? 0 : pageOf(beforeSequence) + 1
  const end = Math.min(pageOf(lastSequence) + 1, pageOf(afterSequence))
  for (let page = Math.max(pageOf(firstSequence), shared, state.oldestPage); page < end; page++) {
    if (isNeeded(page)) continue
    pages.forget(page)
    book.leave([{ table: 'outcomes', key: numberKey(page), value: undefined }])
  }
}
