import { asBuffer } from '../fields.ts'
import { numberKey, readRegistrationId } from '../keys.ts'
import type { Rows } from '../rows.ts'
import { EventAnswers } from './event-answers.ts'
import { Chunk, readHeader } from './history-chunk.ts'
import { OpenBlock, readBlock } from './history-index.ts'
import { ownersBytes, readOwners, type ToldBlock } from './history-owners.ts'
import { HistoryShares, KeptBlock } from './history-shares.ts'
import { type HistoryState, readHistoryState } from './history-state.ts'

/** The history as the disk has it. */
export type LoadedHistory = {
  readonly state: HistoryState
  readonly shares: HistoryShares
  readonly answers: EventAnswers
  readonly block: OpenBlock
  /** Mailbox sequences of the open block's records begin here. */
  readonly blockSequence: number
}

/**
 * Reads what is kept of whom, and the open block, which is not on disk: its chunks are read again.
 *
 * @param nextSequence of the mailboxes, for a store that has no history yet
 * @param blockBytesMax at which the open block is closed
 */
export async function loadHistory(
  rows: Rows,
  nextSequence: number,
  blockBytesMax: number,
): Promise<LoadedHistory> {
  const state = readHistoryState(rows, nextSequence)
  const shares = new HistoryShares()
  await shares.load(rows)
  const told = new Map<number, ToldBlock>()
  await rows.scan('historyOwners', (key, value) => {
    const block = readOwners(readRegistrationId(key), value)
    told.set(block.number, block)
  })
  const { block: open, blockSequence } = loadBlock(rows, state, blockBytesMax)
  for (const place of inOrder(rows, state, told, open.firstRecordId)) {
    const block = new KeptBlock(place)
    shares.add(block)
    const owners = told.get(place.number)
    if (owners !== undefined) shares.tell(block, withoutDropped(rows, state, owners))
  }
  shares.assumeGapsThrough(shares.blocks.at(-1)?.lastSequence ?? 0)
  const answers = new EventAnswers(rows, oldestRecordId(rows, state))
  await answers.load((recordId, bytes, organizationId) => {
    if (recordId >= open.firstRecordId) open.answers.add(organizationId, bytes)
    else shares.charge(shares.blockOf(recordId), organizationId, bytes)
  })
  return { state, shares, answers, block: open, blockSequence }
}

/** Blocks that a former version wrote say only where they are. */
function inOrder(
  rows: Rows,
  state: HistoryState,
  told: ReadonlyMap<number, ToldBlock>,
  openRecordId: number,
): readonly Omit<ToldBlock, 'bytes' | 'owners'>[] {
  const places: Omit<ToldBlock, 'bytes' | 'owners'>[] = [...told.values()]
  for (let number = state.oldestBlock; number < state.toldFromBlock; number++) {
    const block = told.has(number) ? undefined : readBlock(rows, number)
    if (block === undefined) continue
    const { firstChunk, chunks, firstRecordId } = block
    const unknown = { endRecordId: 0, firstSequence: 0, lastSequence: 0 }
    places.push({ number, firstChunk, chunks, firstRecordId, ...unknown })
  }
  places.sort((a, b) => a.number - b.number)
  return places.map((place, index) => {
    const endRecordId = place.endRecordId || (places[index + 1]?.firstRecordId ?? openRecordId)
    return { ...place, endRecordId }
  })
}

/** Of the oldest block some chunks may be gone already. */
function withoutDropped(rows: Rows, { oldestChunk }: HistoryState, block: ToldBlock): ToldBlock {
  if (block.firstChunk >= oldestChunk) return block
  let bytes = ownersBytes(block.owners)
  for (let chunk = oldestChunk; chunk < block.firstChunk + block.chunks; chunk++) {
    const row = rows.get('history', numberKey(chunk))
    if (row !== undefined) bytes += readHeader(asBuffer(row)).bytes
  }
  return { ...block, bytes }
}

function oldestRecordId(rows: Rows, { oldestChunk, nextRecordId }: HistoryState): number {
  const row = rows.get('history', numberKey(oldestChunk))
  return row === undefined ? nextRecordId : readHeader(asBuffer(row)).firstRecordId
}

type LoadedBlock = Pick<LoadedHistory, 'block' | 'blockSequence'>

function loadBlock(rows: Rows, state: HistoryState, bytesMax: number): LoadedBlock {
  const { openBlockChunk, oldestChunk, nextChunk, nextRecordId } = state
  let block: OpenBlock | undefined
  let blockSequence = state.lastSequence + 1
  const first = Math.max(openBlockChunk, oldestChunk)
  for (let number = first; number < nextChunk; number++) {
    const row = rows.get('history', numberKey(number))
    if (row === undefined) throw new Error(`the history has lost its chunk ${number}`)
    const chunk = new Chunk(asBuffer(row))
    block ??= new OpenBlock(first, chunk.header.firstRecordId, bytesMax)
    for (let index = 0; index < chunk.header.records; index++) {
      const record = chunk.at(index)
      block.add(record.draft, chunk.costAt(index, record))
      for (const { sequence } of record.parts)
        if (sequence > 0) blockSequence = Math.min(blockSequence, sequence)
    }
    block.endChunk(chunk.header)
  }
  return { block: block ?? new OpenBlock(nextChunk, nextRecordId, bytesMax), blockSequence }
}
