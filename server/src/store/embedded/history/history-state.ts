import { asBuffer } from '../fields.ts'
import type { RowChange, Rows } from '../rows.ts'
import { pageOf } from './outcome-pages.ts'

const HISTORY_KEY = Buffer.from('history')

/** Where the history begins and ends. Chunks, blocks and records are numbered in order; what was dropped leaves gaps. */
export type HistoryState = {
  nextRecordId: number
  nextChunk: number
  oldestChunk: number
  nextBlock: number
  oldestBlock: number
  /** First chunk that no closed block covers. */
  openBlockChunk: number
  /** What is kept, as chunks reckon it. */
  bytes: number
  /** Newest mailbox sequence of any record. */
  lastSequence: number
  /** Outcomes of earlier sequences belong to no record. */
  keptSequence: number
  oldestPage: number
  /** First block of which it is written down whose its records are. Of those before it a former version wrote none. */
  toldFromBlock: number
}

const FIELDS = [
  'nextRecordId',
  'nextChunk',
  'oldestChunk',
  'nextBlock',
  'oldestBlock',
  'openBlockChunk',
  'bytes',
  'lastSequence',
  'keptSequence',
  'oldestPage',
  'toldFromBlock',
] as const satisfies readonly (keyof HistoryState)[]

/** The state as last committed. A store that has no history yet begins one with the next mailbox sequence. */
export function readHistoryState(rows: Rows, nextSequence: number): HistoryState {
  const state: HistoryState = {
    nextRecordId: 1,
    nextChunk: 1,
    oldestChunk: 1,
    nextBlock: 1,
    oldestBlock: 1,
    openBlockChunk: 1,
    bytes: 0,
    lastSequence: nextSequence - 1,
    keptSequence: nextSequence,
    oldestPage: pageOf(nextSequence),
    toldFromBlock: 1,
  }
  const row = rows.get('meta', HISTORY_KEY)
  if (row === undefined) return state
  const value = asBuffer(row)
  const written = FIELDS.slice(0, value.length / 8)
  for (const [index, field] of written.entries()) state[field] = value.readDoubleBE(index * 8)
  if (!written.includes('toldFromBlock')) state.toldFromBlock = state.nextBlock
  return state
}

export function historyStateChange(state: HistoryState): RowChange & { readonly value: Buffer } {
  const value = Buffer.allocUnsafe(FIELDS.length * 8)
  for (const [index, field] of FIELDS.entries()) value.writeDoubleBE(state[field], index * 8)
  return { table: 'meta', key: HISTORY_KEY, value }
}
