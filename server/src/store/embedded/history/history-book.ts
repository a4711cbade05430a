import type { DiscardReason } from '@rollcall/protocol/history'
import type { HistoryBounds } from '../../bounds.ts'
import { noted } from '../../history-query.ts'
import type { Answered, AppendOutcome, EndpointOutcome, HistoryDraft, Outcome } from '../../store.ts'
import type { Commit } from '../journal/commit.ts'
import { numberKey } from '../keys.ts'
import type { RowChange } from '../rows.ts'
import type { EventAnswers } from './event-answers.ts'
import { type Chunk, OpenChunk } from './history-chunk.ts'
import { blockRows, type IndexBlock, OpenBlock, readBlock } from './history-index.ts'
import { type LoadedHistory, loadHistory } from './history-load.ts'
import { ownersBytes, ownersChange, ownersOf } from './history-owners.ts'
import type { StoredPart, StoredRecord } from './history-record.ts'
import { type HistoryShares, KeptBlock } from './history-shares.ts'
import { type HistoryState, historyStateChange } from './history-state.ts'
import { OutcomePages, type PagesContext } from './outcome-pages.ts'

/** A block of the index is closed with this part of the bytes that may be kept: it is dropped whole where it can be. */
const BLOCKS_LEAST = 64
const BLOCK_BYTES_LEAST = 64 * 1024

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
  readonly shares: HistoryShares
  #chunk: OpenChunk
  #block: OpenBlock
  /** Mailbox sequences of the open block's records begin here. */
  #blockSequence: number
  /** Rows that wait for the next commit. */
  #changes: RowChange[] = []
  #changesBytes = 0
  /** Closed blocks that are not durable yet, and the commit that holds each once there is one. */
  readonly #closed = new Map<number, { readonly block: IndexBlock; commit: number }>()
  /** Closed blocks that were written anew and are not durable yet, with their commit. */
  readonly #rewritten = new Map<number, number>()
  /** The commit that holds the newest records. */
  #newestCommit = 0

  private constructor(context: HistoryContext, { state, shares, answers, ...open }: LoadedHistory) {
    this.context = context
    this.state = state
    this.shares = shares
    this.answers = answers
    this.pages = new OutcomePages(context)
    this.#block = open.block
    this.#blockSequence = open.blockSequence
    this.#chunk = new OpenChunk(state.nextRecordId, state.lastSequence)
  }

  /** @param nextSequence of the mailboxes, for a store that has no history yet */
  static async open(context: HistoryContext, nextSequence: number): Promise<HistoryBook> {
    return new HistoryBook(context, await loadHistory(context.rows, nextSequence, blockBytesMax(context)))
  }

  /** Whether something waits for a commit. */
  get isBehind(): boolean {
    return this.#chunk.records > 0 || this.#changes.length > 0 || this.pages.isBehind
  }

  /** Whether every record so far is durable. */
  get isDurable(): boolean {
    if (this.#chunk.records > 0 || this.#changes.length > 0) return false
    return this.context.isDurable(this.#newestCommit)
  }

  /** Bytes that wait for a commit. */
  get waitingBytes(): number {
    return this.#chunk.bytes + this.#changesBytes
  }

  add(draft: HistoryDraft, endpoints: readonly EndpointOutcome[]): void {
    const atWallMs = draft.acceptedAtWallMs
    const parts = endpoints.map(({ userEndpointId, outcome, reason }): StoredPart => {
      return { userEndpointId, at: [noted(outcome, atWallMs, reason)], sequence: 0 }
    })
    if (this.waitingBytes < WAITING_BYTES_MAX) this.#record(draft, parts)
  }

  addAppended(draft: HistoryDraft, { accepted, full }: AppendOutcome): void {
    const queued = [{ outcome: 'queued', atWallMs: draft.acceptedAtWallMs } as const]
    const parts = accepted.map(({ registration, sequence }): StoredPart => {
      return { userEndpointId: registration.userEndpointId, sequence, at: queued }
    })
    const discarded = [noted('discarded', draft.acceptedAtWallMs, 'mailbox_full')]
    for (const { userEndpointId } of full) parts.push({ userEndpointId, sequence: 0, at: discarded })
    this.#record(draft, parts)
  }

  /** Adds a record as another store has it. Sequences of its parts ascend about as records do. */
  addMoved(record: StoredRecord): void {
    this.#record(record.draft, record.parts)
  }

  note(sequence: number, outcome: Outcome, atWallMs: number, reason?: DiscardReason): void {
    if (sequence < this.state.keptSequence || this.shares.isGone(sequence)) return
    this.pages.note(sequence, outcome, atWallMs, reason)
  }

  /** The id of the record that is added next. */
  get nextRecordId(): number {
    return this.state.nextRecordId
  }

  /** Notes who answered the event of an organization's record first; of a record that is gone nothing is noted. */
  noteAnswer(organizationId: string, recordId: number, answered: Answered): void {
    const isOpen = recordId >= this.#block.firstRecordId
    const block = isOpen ? undefined : this.shares.blockOf(recordId)
    if (!isOpen && (block === undefined || recordId < this.shares.fromOf(organizationId))) return
    const change = this.answers.add(organizationId, recordId, answered)
    if (change === undefined) return
    const bytes = change.value.byteLength
    if (isOpen) this.#block.answers.add(organizationId, bytes)
    else this.shares.charge(block, organizationId, bytes)
    this.state.bytes += bytes
    this.leave([change])
  }

  /** What an organization has in it, about; bytes. */
  bytesOf(organizationId: string): number {
    return (
      this.shares.bytesOf(organizationId) +
      this.#block.owners.of(organizationId) +
      this.#block.answers.of(organizationId)
    )
  }

  /** A chunk of the open block is dropped. To be called before its answers are forgotten. */
  shrinkOpen(chunk: Chunk): void {
    this.#block.shrink(chunk, (recordId) => this.answers.bytesOf(recordId))
  }

  /** Leaves changes for the next commit. */
  leave(changes: readonly RowChange[]): void {
    for (const change of changes) {
      this.#changes.push(change)
      this.#changesBytes += change.value?.byteLength ?? 0
    }
  }

  /** Adds to a commit all that waits. */
  writeInto(commit: Commit): void {
    if (this.#chunk.records > 0) this.#finishChunk()
    this.pages.writeInto(commit)
    if (this.#changes.length === 0) return
    for (const { table, key, value } of this.#changes) {
      if (value === undefined) commit.remove(table, key)
      else commit.put(table, key, value)
    }
    const { table, key, value } = historyStateChange(this.state)
    commit.put(table, key, value)
    this.#changes = []
    this.#changesBytes = 0
    this.#newestCommit = commit.number
    for (const closed of this.#closed.values()) if (closed.commit === 0) closed.commit = commit.number
    for (const [number, written] of this.#rewritten)
      if (written === 0) this.#rewritten.set(number, commit.number)
  }

  /** Closes the block that grows, where what is in it says so. */
  endOpen(isWanted: (open: IndexBlock) => boolean): void {
    if (this.#chunk.records > 0) this.#finishChunk()
    const open = this.#block.snapshot()
    if (open.records > 0 && isWanted(open)) this.#closeBlock()
  }

  /** A block of the index, the newest included; `undefined`: it is gone, or there is none yet. */
  block(number: number): IndexBlock | undefined {
    if (number === this.state.nextBlock) return this.#block.snapshot()
    return this.#closed.get(number)?.block ?? readBlock(this.context.rows, number)
  }

  /** The newest block with a record older than this one, the open block included. */
  blockBefore(recordId: number): number | undefined {
    if (this.#block.firstRecordId < recordId) return this.state.nextBlock
    return this.shares.lastBefore(recordId)?.number
  }

  /** Mailbox sequences of the open block's records begin here. */
  get openSequence(): number {
    return this.#blockSequence
  }

  /** Id of the first record of the open block. */
  get openRecordId(): number {
    return this.#block.firstRecordId
  }

  /** Whether a closed block is on disk as it is. */
  isOnDisk(number: number): boolean {
    const commits = [this.#closed.get(number)?.commit, this.#rewritten.get(number)]
    return commits.every((commit) => commit === undefined || (commit > 0 && this.context.isDurable(commit)))
  }

  /** The rows of a closed block were left anew: until they are written, the old ones are read. */
  noteRewritten(number: number): void {
    this.#closed.delete(number)
    this.#rewritten.set(number, 0)
  }

  /** Forgets what memory held only until it was durable. */
  tidy(): void {
    const isOver = (commit: number) => commit > 0 && this.context.isDurable(commit)
    for (const [number, { commit }] of this.#closed) if (isOver(commit)) this.#closed.delete(number)
    for (const [number, commit] of this.#rewritten) if (isOver(commit)) this.#rewritten.delete(number)
  }

  #record(draft: HistoryDraft, parts: readonly StoredPart[]): void {
    this.#block.add(draft, this.#chunk.add({ draft, parts }))
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
    this.#closed.set(number, { block, commit: 0 })
    this.#share(number, block)
    state.openBlockChunk = state.nextChunk
    this.#block = new OpenBlock(state.nextChunk, state.nextRecordId, blockBytesMax(this.context))
    this.#blockSequence = state.lastSequence + 1
  }

  /** From here on it is known whose the block is. */
  #share(number: number, { firstChunk, chunks, firstRecordId }: IndexBlock): void {
    const { state } = this
    const owners = ownersOf(this.#block.owners, this.#block.bytes)
    const bytes = this.#block.bytes + ownersBytes(owners)
    const ids = { firstRecordId, endRecordId: state.nextRecordId }
    const sequences = { firstSequence: this.#blockSequence, lastSequence: state.lastSequence }
    const told = { number, firstChunk, chunks, ...ids, ...sequences, bytes, owners }
    state.bytes += ownersBytes(owners)
    this.leave([ownersChange(told)])
    const block = new KeptBlock(told)
    this.shares.add(block)
    this.shares.tell(block, told)
    for (const answer of this.#block.answers.list())
      this.shares.charge(block, answer.organizationId, answer.bytes)
  }
}

function blockBytesMax({ bounds }: HistoryContext): number {
  return Math.max(BLOCK_BYTES_LEAST, Math.floor(bounds.bytesMax / BLOCKS_LEAST))
}
