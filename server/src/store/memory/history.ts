import type { ServiceTime } from '../../clock/clock.ts'
import type { HistoryBounds } from '../bounds.ts'
import { isFinal, matches, toEndpoint } from '../history-query.ts'
import type {
  Answered,
  AppendOutcome,
  HistoryDraft,
  HistoryEndpoint,
  HistoryRecord,
  HistoryStore,
  Outcome,
} from '../store.ts'
import { assertOpen, type Gate } from './gate.ts'

/** What a record costs beside its event, roughly. */
const RECORD_BYTES = 300

type Noted = HistoryEndpoint['at'][number]
type Part = { readonly userEndpointId: string; readonly at: Noted[] }
type Kept = {
  readonly recordId: number
  readonly draft: HistoryDraft
  readonly parts: readonly Part[]
  answered?: Answered
}

/** Records, oldest first, and the parts that something may still become of, by sequence. */
export class History {
  readonly #wall: ServiceTime['wall']
  readonly #bounds: HistoryBounds
  readonly #records: Kept[] = []
  readonly #open = new Map<number, Part>()
  #nextRecordId = 1
  #bytes = 0

  constructor(wall: ServiceTime['wall'], bounds: HistoryBounds) {
    this.#wall = wall
    this.#bounds = bounds
  }

  get bytes(): number {
    return this.#bytes
  }

  add(draft: HistoryDraft, endpoints: readonly HistoryEndpoint[]): void {
    this.#keep(
      draft,
      endpoints.map(({ userEndpointId, at }) => ({ userEndpointId, at: [...at] })),
    )
  }

  /** Returns the record's id. */
  addAppended(draft: HistoryDraft, { accepted, full }: AppendOutcome): number {
    const atWallMs = draft.acceptedAtWallMs
    const queued = accepted.map(({ registration, sequence }) => {
      const part: Part = {
        userEndpointId: registration.userEndpointId,
        at: [{ outcome: 'queued', atWallMs }],
      }
      this.#open.set(sequence, part)
      return part
    })
    const discarded = full.map(({ userEndpointId }): Part => {
      return { userEndpointId, at: [{ outcome: 'discarded', atWallMs }] }
    })
    return this.#keep(draft, [...queued, ...discarded])
  }

  note(sequence: number, outcome: Outcome, atWallMs: number): void {
    const part = this.#open.get(sequence)
    if (part === undefined) return
    if (part.at.every((noted) => noted.outcome !== outcome)) part.at.push({ outcome, atWallMs })
    if (isFinal(outcome)) this.#open.delete(sequence)
  }

  /** Notes who answered first. A record that is gone is ignored. */
  noteAnswer(recordId: number, answered: Answered): void {
    const kept = this.#records.find((record) => record.recordId === recordId)
    if (kept === undefined) return
    kept.answered = answered
    this.#bytes += answered.answer?.byteLength ?? 0
  }

  /** Newest first, without those that are too old. */
  *newestFirst(): Generator<HistoryRecord> {
    const oldestWallMs = this.#wall.earliestMs() - this.#bounds.ageMsMax
    for (const { recordId, draft, parts, answered } of this.#records.toReversed()) {
      if (draft.acceptedAtWallMs <= oldestWallMs) continue
      yield {
        ...draft,
        recordId,
        endpoints: parts.map((part) => toEndpoint(part.userEndpointId, [...part.at])),
        ...(answered === undefined ? {} : { answered }),
      }
    }
  }

  #keep(draft: HistoryDraft, parts: readonly Part[]): number {
    const recordId = this.#nextRecordId++
    this.#records.push({ recordId, draft, parts })
    this.#bytes += bytesOf(draft)
    const oldestWallMs = this.#wall.earliestMs() - this.#bounds.ageMsMax
    for (let oldest = this.#records[0]; oldest !== undefined; oldest = this.#records[0]) {
      if (this.#bytes <= this.#bounds.bytesMax && oldest.draft.acceptedAtWallMs > oldestWallMs) break
      this.#records.shift()
      this.#bytes -= bytesOf(oldest.draft) + (oldest.answered?.answer?.byteLength ?? 0)
      const gone = new Set(oldest.parts)
      for (const [sequence, part] of this.#open) if (gone.has(part)) this.#open.delete(sequence)
    }
    return recordId
  }
}

export function memoryHistory(history: History, gate: Gate): HistoryStore {
  return {
    add(draft, endpoints) {
      if (gate.open) history.add(draft, endpoints)
    },
    note(sequence, outcome, atWallMs) {
      if (gate.open) history.note(sequence, outcome, atWallMs)
    },
    bytes: () => history.bytes,
    async find(eventId, query) {
      assertOpen(gate)
      for (const record of history.newestFirst())
        if (record.eventId === eventId && matches(record, query)) return record
      return undefined
    },
    async list(query, before, max) {
      assertOpen(gate)
      const all = [...history.newestFirst()].filter(
        (record) => record.recordId < (before ?? Number.POSITIVE_INFINITY) && matches(record, query),
      )
      const records = all.slice(0, max)
      return { records, next: all.length > records.length ? records.at(-1)?.recordId : undefined }
    },
  }
}

function bytesOf({ event }: HistoryDraft): number {
  return event.byteLength + RECORD_BYTES
}
