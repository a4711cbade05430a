import type { HistoryBounds } from '../bounds.ts'
import type { Answered, AppendOutcome, HistoryDraft, HistoryEndpoint, Outcome } from '../store.ts'
import type { Batch } from './batch.ts'
import { asBuffer } from './bytes.ts'
import { EventAnswers } from './event-answers.ts'
import { Chunk, OpenChunk, readHeader } from './history-chunk.ts'
import { blockRows, type IndexBlock, OpenBlock, readBlock } from './history-index.ts'
import type { StoredPart } from './history-record.ts'
import { type HistoryState, historyStateChange, readHistoryState } from './history-state.ts'
import { numberKey } from './keys.ts'
import { OutcomePages, type PagesContext } from './outcome-pages.ts'
import type { RowChange } from './rows.ts'

/** Bytes of records that may wait for a commit. Past it QoS 0 records are lost. */
const WAITING_BYTES_MAX = 16 * 1024 * 1024

export type HistoryContext = PagesContext & { readonly bounds: HistoryBounds }

/**
 * The history as it is written: records gather in a chunk, which every commit takes along as one row, and are
 * entered in the index, a block of which is written when it is full. All rows are numbered, so that each is
 * found without a search, written at the end of its table, and removed at the beginning.
 */
export class HistoryBook {
  readonly context: HistoryContext
  readonly state: HistoryState
  readonly pages: OutcomePages
  readonly answers: EventAnswers
  #chunk: OpenChunk
  #block: OpenBlock
  /** Rows that wait for the next commit. */
  #changes: RowChange[] = []
  #changesBytes = 0
  /** Closed blocks that are not durable yet, and the batch that holds each once there is one. */
  readonly #closed = new Map<number, { readonly block: IndexBlock; batch: number }>()
  /** The batch that holds the newest records. */
  #newestBatch = 0

  /** @param nextSequence of the mailboxes, for a store that has no history yet */
  constructor(context: HistoryContext, nextSequence: number) {
    this.context = context
    this.state = readHistoryState(context.rows, nextSequence)
    this.pages = new OutcomePages(context)
    this.answers = new EventAnswers(context.rows, this.#oldestRecordId())
    this.#block = this.#loadBlock()
    this.#chunk = new OpenChunk(this.state.nextRecordId, this.state.lastSequence)
  }

  /** Whether something waits for a commit. */
  get isBehind(): boolean {
    return this.#chunk.records > 0 || this.#changes.length > 0 || this.pages.isBehind
  }

  /** Whether every record so far is durable. */
  get isDurable(): boolean {
    if (this.#chunk.records > 0 || this.#changes.length > 0) return false
    return this.context.isDurable(this.#newestBatch)
  }

  /** Bytes that wait for a commit. */
  get waitingBytes(): number {
    return this.#chunk.bytes + this.#changesBytes
  }

  add(draft: HistoryDraft, endpoints: readonly HistoryEndpoint[]): void {
    const parts = endpoints.map(({ userEndpointId, at }) => ({ userEndpointId, at, sequence: 0 }))
    if (this.waitingBytes < WAITING_BYTES_MAX) this.#record(draft, parts)
  }

  addAppended(draft: HistoryDraft, { accepted, full }: AppendOutcome): void {
    const queued = [{ outcome: 'queued', atWallMs: draft.acceptedAtWallMs } as const]
    const discarded = [{ outcome: 'discarded', atWallMs: draft.acceptedAtWallMs } as const]
    const parts: StoredPart[] = []
    for (const { registration, sequence } of accepted)
      parts.push({ userEndpointId: registration.userEndpointId, sequence, at: queued })
    for (const { userEndpointId } of full) parts.push({ userEndpointId, sequence: 0, at: discarded })
    this.#record(draft, parts)
  }

  note(sequence: number, outcome: Outcome, atWallMs: number): void {
    if (sequence >= this.state.keptSequence) this.pages.note(sequence, outcome, atWallMs)
  }

  /** The id of the record that is added next. */
  get nextRecordId(): number {
    return this.state.nextRecordId
  }

  /** Notes who answered the event of a record first; of a record that is gone nothing is noted. */
  noteAnswer(recordId: number, answered: Answered): void {
    const change = this.answers.add(recordId, answered)
    if (change === undefined) return
    this.state.bytes += change.value.byteLength
    this.leave([change])
  }

  /** Leaves changes for the next commit. */
  leave(changes: readonly RowChange[]): void {
    for (const change of changes) {
      this.#changes.push(change)
      this.#changesBytes += change.value?.byteLength ?? 0
    }
  }

  /** Adds to a batch all that waits. */
  writeInto(batch: Batch): void {
    if (this.#chunk.records > 0) this.#finishChunk()
    this.pages.writeInto(batch)
    if (this.#changes.length === 0) return
    for (const { table, key, value } of this.#changes) {
      if (value === undefined) batch.remove(table, key)
      else batch.put(table, key, value)
    }
    const { table, key, value } = historyStateChange(this.state)
    batch.put(table, key, value)
    this.#changes = []
    this.#changesBytes = 0
    this.#newestBatch = batch.number
    for (const closed of this.#closed.values()) if (closed.batch === 0) closed.batch = batch.number
  }

  /** A block of the index, the newest included; `undefined`: it is gone, or there is none yet. */
  block(number: number): IndexBlock | undefined {
    if (number === this.state.nextBlock) return this.#block.snapshot()
    return this.#closed.get(number)?.block ?? readBlock(this.context.rows, number)
  }

  /** Forgets what memory held only until it was durable. */
  tidy(): void {
    for (const [number, { batch }] of this.#closed)
      if (batch > 0 && this.context.isDurable(batch)) this.#closed.delete(number)
  }

  #record(draft: HistoryDraft, parts: readonly StoredPart[]): void {
    this.#chunk.add({ draft, parts })
    this.#block.add(draft)
    this.state.nextRecordId++
    if (this.#chunk.isFull) this.#finishChunk()
  }

  #finishChunk(): void {
    const { state } = this
    const chunk = this.#chunk
    const { header } = chunk
    const number = state.nextChunk++
    state.bytes += header.bytes
    state.lastSequence = header.lastSequence
    this.leave([{ table: 'history', key: numberKey(number), value: chunk.finish() }])
    this.#chunk = new OpenChunk(state.nextRecordId, state.lastSequence, chunk)
    this.#block.endChunk(header)
    if (this.#block.isFull) this.#closeBlock()
  }

  #closeBlock(): void {
    const { state } = this
    const block = this.#block.snapshot()
    const number = state.nextBlock++
    this.leave(blockRows(number, block))
    this.#closed.set(number, { block, batch: 0 })
    state.openBlockChunk = state.nextChunk
    this.#block = new OpenBlock(state.nextChunk, state.nextRecordId)
  }

  #oldestRecordId(): number {
    const { oldestChunk, nextRecordId } = this.state
    const row = this.context.rows.get('history', numberKey(oldestChunk))
    return row === undefined ? nextRecordId : readHeader(asBuffer(row)).firstRecordId
  }

  /** The open block is not on disk: its chunks are read again. */
  #loadBlock(): OpenBlock {
    const { rows } = this.context
    const { openBlockChunk, oldestChunk, nextChunk, nextRecordId } = this.state
    let block: OpenBlock | undefined
    const first = Math.max(openBlockChunk, oldestChunk)
    for (let number = first; number < nextChunk; number++) {
      const row = rows.get('history', numberKey(number))
      if (row === undefined) throw new Error(`the history has lost its chunk ${number}`)
      const chunk = new Chunk(asBuffer(row))
      block ??= new OpenBlock(first, chunk.header.firstRecordId)
      for (let index = 0; index < chunk.header.records; index++) block.add(chunk.at(index).draft)
      block.endChunk(chunk.header)
    }
    return block ?? new OpenBlock(nextChunk, nextRecordId)
  }
}
