import { matches, toEndpoint } from '../../history-query.ts'
import type { HistoryEndpoint, HistoryQuery, HistoryRecord } from '../../store.ts'
import { asBuffer } from '../fields.ts'
import { numberKey } from '../keys.ts'
import type { HistoryBook } from './history-book.ts'
import { Chunk } from './history-chunk.ts'
import { type Condition, placesOf } from './history-conditions.ts'
import type { IndexBlock } from './history-index.ts'
import type { StoredPart, StoredRecord } from './history-record.ts'

/** What is looked at before everybody else gets a turn, in blocks of the index; a chunk counts as some. */
const SLICE_COST = 32
const CHUNK_COST = 4

/** A record that was found, or, without one, where the search has got to. */
export type Step = { readonly record: HistoryRecord | undefined; readonly before: number }

export type Search = {
  readonly book: HistoryBook
  readonly query: HistoryQuery
  readonly conditions: readonly Condition[]
  /** Where to begin: only older records are looked at. */
  readonly before: number
  /** Records up to this age are seen. */
  readonly newerThanWallMs: number
  /** Resolves when the search may go on. */
  readonly nextTurn: () => Promise<void>
}

/** Goes through the matching records, newest first, and from time to time says how far it is. */
export async function* search(wanted: Search): AsyncGenerator<Step> {
  const { book, conditions, before } = wanted
  const reader = new ChunkReader(book)
  let cost = 0
  let position = before
  for (let number = book.blockBefore(position); number !== undefined; number = book.blockBefore(position)) {
    const block = book.block(number)
    if (block === undefined) return
    const end = Math.min(block.records, position - block.firstRecordId)
    const places = isInTime(block, wanted) ? placesOf(block, conditions, end) : []
    const locate = places.length === 0 ? undefined : locator(block)
    let isRewritten = false
    for (const place of places) {
      const [chunk, index] = locate?.(place) ?? [0, 0]
      const found = reader.read(chunk, index, position, wanted)
      position = Math.min(position, found?.recordId ?? block.firstRecordId + place)
      cost += reader.takeCost()
      yield { record: found?.record, before: position }
      if (cost < SLICE_COST) continue
      await wanted.nextTurn()
      cost = 0
      isRewritten = book.block(number)?.records !== block.records
      if (isRewritten) break
    }
    reader.forget()
    if (isRewritten) continue
    position = block.firstRecordId
    if (position <= oldest(wanted)) return
    yield { record: undefined, before: position }
    if (++cost < SLICE_COST) continue
    await wanted.nextTurn()
    cost = 0
  }
}

/** Nothing with a smaller id can be found. */
function oldest({ book, query: { organizationId } }: Search): number {
  return organizationId === undefined ? 0 : book.shares.fromOf(organizationId)
}

function isInTime(block: IndexBlock, { query, newerThanWallMs }: Search): boolean {
  const { fromWallMs = Number.NEGATIVE_INFINITY, toWallMs = Number.POSITIVE_INFINITY } = query
  return (
    block.newestWallMs > newerThanWallMs && block.newestWallMs >= fromWallMs && block.oldestWallMs < toWallMs
  )
}

/** Chunk, and place in it, of a place in the block. To be asked from the newest to the oldest. */
function locator(block: IndexBlock): (place: number) => readonly [number, number] {
  const { firstChunk, records } = block
  const counts = block.counts()
  let index = counts.length - 1
  let start = records - (counts[index] ?? 0)
  return (place) => {
    while (place < start) start -= counts[--index] ?? start
    return [firstChunk + index, place - start]
  }
}

/** Reads records; the chunk read last is at hand. */
class ChunkReader {
  readonly #book: HistoryBook
  #number = 0
  #chunk: Chunk | undefined
  #cost = 0

  constructor(book: HistoryBook) {
    this.#book = book
  }

  takeCost(): number {
    const cost = this.#cost
    this.#cost = 0
    return cost
  }

  /** What was read may be rewritten from here on. */
  forget(): void {
    this.#number = 0
    this.#chunk = undefined
  }

  /**
   * Without a record: it does not match after all, or was dropped. `undefined`: its chunk is gone, or not durable yet.
   *
   * @param before only a smaller id is wanted
   */
  read(
    number: number,
    index: number,
    before: number,
    wanted: Search,
  ): { readonly recordId: number; readonly record: HistoryRecord | undefined } | undefined {
    const chunk = this.#read(number)
    if (chunk === undefined) return undefined
    const recordId = chunk.idAt(index)
    if (recordId >= before || chunk.header.newestWallMs <= wanted.newerThanWallMs)
      return { recordId, record: undefined }
    this.#cost++
    const record = this.#complete(chunk.at(index), recordId)
    return { recordId, record: this.#isFound(record, wanted) ? record : undefined }
  }

  #isFound(record: HistoryRecord, { query, newerThanWallMs }: Search): boolean {
    const { acceptedAtWallMs, organizationId, recordId } = record
    if (acceptedAtWallMs <= newerThanWallMs || !matches(record, query)) return false
    return recordId >= this.#book.shares.fromOf(organizationId)
  }

  #read(number: number): Chunk | undefined {
    if (number === this.#number) return this.#chunk
    const row = this.#book.context.rows.get('history', numberKey(number))
    this.#number = number
    this.#chunk = row && new Chunk(asBuffer(row))
    this.#cost += CHUNK_COST
    return this.#chunk
  }

  #complete({ draft, parts }: StoredRecord, recordId: number): HistoryRecord {
    const answered = this.#book.answers.of(recordId)
    const endpoints = parts.map((part) => this.#endpoint(part))
    return { ...draft, recordId, endpoints, ...(answered === undefined ? {} : { answered }) }
  }

  #endpoint({ userEndpointId, sequence, at }: StoredPart): HistoryEndpoint {
    const later = sequence === 0 ? [] : this.#book.pages.of(sequence)
    return toEndpoint(userEndpointId, later.length === 0 ? at : [...at, ...later])
  }
}
