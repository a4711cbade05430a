import { matches } from '../../history-query.ts'
import type { HistoryQuery, HistoryRecord } from '../../store.ts'
import { isYes, list } from '../connection/answers.ts'
import { type Engine, earliest } from '../engine.ts'
import { toRecord } from './records.ts'

/** Records looked at by one call of `list`; it goes on from there. */
const LOOKED_MAX = 5_000
/** Records and bytes of events that one partition is asked for at once. */
const SLICE_MIN = 16
const SLICE_MAX = 500
const SLICE_BYTES_MAX = 1024 ** 2

/** One partition's records, newest first, a slice at a time. */
class Slices {
  readonly #engine: Engine
  readonly #partition: number
  readonly #organizationId: string
  readonly #max: number
  #before: string
  #slice: HistoryRecord[] = []
  #isEnd = false

  constructor(
    engine: Engine,
    partition: number,
    { organizationId = '' }: HistoryQuery,
    before: string,
    max: number,
  ) {
    this.#engine = engine
    this.#partition = partition
    this.#organizationId = organizationId
    this.#before = before
    this.#max = max
  }

  /** The newest that was not taken, once it was fetched. */
  get first(): HistoryRecord | undefined {
    return this.#slice[0]
  }

  get mustFetch(): boolean {
    return this.#slice.length === 0 && !this.#isEnd
  }

  take(): void {
    this.#slice.shift()
  }

  async fetch(): Promise<void> {
    const args = [this.#organizationId, this.#before, this.#max, SLICE_BYTES_MAX]
    const answer = await this.#engine.functions.call('quick', 'history_page', this.#partition, args)
    const [isEnd, records] = list(answer)
    this.#isEnd = isYes(isEnd)
    this.#slice = list(records).map(toRecord)
    const last = this.#slice.at(-1)
    if (last === undefined) this.#isEnd = true
    else this.#before = String(last.recordId)
  }
}

/** See `HistoryStore.list`: the newest of all partitions, again and again. */
export async function listRecords(
  engine: Engine,
  query: HistoryQuery,
  before: number | undefined,
  max: number,
): Promise<{ readonly records: readonly HistoryRecord[]; readonly next: number | undefined }> {
  const from = before === undefined ? '+inf' : String(before)
  const partitions = partitionsOf(engine, query)
  const sliceMax = Math.min(SLICE_MAX, Math.max(SLICE_MIN, Math.ceil((2 * max) / partitions.length)))
  const all = partitions.map((partition) => new Slices(engine, partition, query, from, sliceMax))
  const oldestWallMs = Number(earliest(engine)) - engine.historyBounds.ageMsMax
  const records: HistoryRecord[] = []
  let last: number | undefined
  for (let looked = 0; ; looked++) {
    await Promise.all(all.filter(({ mustFetch }) => mustFetch).map((slices) => slices.fetch()))
    const newest = newestOf(all)
    const record = newest?.first
    if (newest === undefined || record === undefined) return { records, next: undefined }
    const isFound = record.acceptedAtWallMs > oldestWallMs && matches(record, query)
    if (isFound && records.length === max) return { records, next: records.at(-1)?.recordId ?? last }
    if (looked >= LOOKED_MAX) return { records, next: last }
    if (isFound) records.push(record)
    last = record.recordId
    newest.take()
  }
}

/** A user's are in one. */
function partitionsOf({ partitions }: Engine, { organizationId, userId }: HistoryQuery): readonly number[] {
  if (organizationId === undefined || userId === undefined) return partitions.all
  return [partitions.ofUser({ organizationId, userId })]
}

function newestOf(all: readonly Slices[]): Slices | undefined {
  let newest: Slices | undefined
  for (const slices of all)
    if ((slices.first?.recordId ?? -1) > (newest?.first?.recordId ?? -1)) newest = slices
  return newest
}
