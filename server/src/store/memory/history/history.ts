import type { DiscardReason } from '@rollcall/protocol/history'
import type { Clock, ServiceTime } from '../../../clock/clock.ts'
import type { HistoryBounds } from '../../bounds.ts'
import { isFinal, matches, noted, toEndpoint } from '../../history-query.ts'
import type {
  Answered,
  AppendOutcome,
  EndpointOutcome,
  HistoryDraft,
  HistoryRecord,
  HistoryStore,
  Noted,
  Outcome,
} from '../../store.ts'
import { assertOpen, type Gate } from '../gate.ts'

/** What a record costs beside its event, roughly. */
const RECORD_BYTES = 300

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
  /** By organization. */
  readonly #bytes = new Map<string, number>()
  #total = 0
  #nextRecordId = 1

  constructor(wall: ServiceTime['wall'], bounds: HistoryBounds) {
    this.#wall = wall
    this.#bounds = bounds
  }

  /** Of all, or of one organization. */
  bytes(organizationId?: string): number {
    return organizationId === undefined ? this.#total : (this.#bytes.get(organizationId) ?? 0)
  }

  /** Bytes that went because their organization had the most. */
  evictedBytes = 0

  add(draft: HistoryDraft, endpoints: readonly EndpointOutcome[]): void {
    const atWallMs = draft.acceptedAtWallMs
    const parts = endpoints.map(({ userEndpointId, outcome, reason }) => ({
      userEndpointId,
      at: [noted(outcome, atWallMs, reason)],
    }))
    this.#keep(draft, parts)
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
      return { userEndpointId, at: [noted('discarded', atWallMs, 'mailbox_full')] }
    })
    return this.#keep(draft, [...queued, ...discarded])
  }

  note(sequence: number, outcome: Outcome, atWallMs: number, reason?: DiscardReason): void {
    const part = this.#open.get(sequence)
    if (part === undefined) return
    if (outcome === 'woken' && part.at.some((one) => one.outcome === 'sent')) return
    if (part.at.every((one) => one.outcome !== outcome)) part.at.push(noted(outcome, atWallMs, reason))
    if (isFinal(outcome)) this.#open.delete(sequence)
  }

  /** Notes who answered first. A record that is gone is ignored. */
  noteAnswer(recordId: number, answered: Answered): void {
    const kept = this.#records.find((record) => record.recordId === recordId)
    if (kept === undefined) return
    this.#count(kept.draft, -bytesOf(kept))
    kept.answered = answered
    this.#count(kept.draft, bytesOf(kept))
  }

  /** Drops records. Returns how many. */
  erase(isGone: (draft: HistoryDraft) => boolean): number {
    const before = this.#records.length
    for (let index = before - 1; index >= 0; index--) {
      const record = this.#records[index]
      if (record !== undefined && isGone(record.draft)) this.#drop(index)
    }
    return before - this.#records.length
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
    const kept = { recordId, draft, parts }
    this.#records.push(kept)
    this.#count(draft, bytesOf(kept))
    const oldestWallMs = this.#wall.earliestMs() - this.#bounds.ageMsMax
    while (this.#records[0] !== undefined && this.#records[0].draft.acceptedAtWallMs <= oldestWallMs)
      this.#drop(0)
    while (this.bytes() > this.#bounds.bytesMax) this.#evict()
    return recordId
  }

  /** The oldest record of the organization that has the most; of all, where nobody is told apart. */
  #evict(): void {
    const isShared = this.#bounds.organizationSharePercent < 100
    const [largest] = [...this.#bytes].reduce((most, one) => (one[1] > most[1] ? one : most))
    const index = this.#records.findIndex(({ draft }) => !isShared || draft.organizationId === largest)
    const gone = this.#drop(index)
    if (isShared) this.evictedBytes += gone
  }

  #drop(index: number): number {
    const [record] = this.#records.splice(index, 1)
    if (record === undefined) return 0
    const gone = new Set(record.parts)
    for (const [sequence, part] of this.#open) if (gone.has(part)) this.#open.delete(sequence)
    this.#count(record.draft, -bytesOf(record))
    return bytesOf(record)
  }

  #count({ organizationId }: HistoryDraft, bytes: number): void {
    this.#total += bytes
    this.#bytes.set(organizationId, (this.#bytes.get(organizationId) ?? 0) + bytes)
  }
}

export function memoryHistory(history: History, clock: Pick<Clock, 'wallMs'>, gate: Gate): HistoryStore {
  return {
    add(draft, endpoints) {
      if (gate.open) history.add(draft, endpoints)
    },
    note({ sequence }, outcome, reason) {
      if (gate.open) history.note(sequence, outcome, clock.wallMs(), reason)
    },
    async bytes(organizationId) {
      assertOpen(gate)
      return history.bytes(organizationId)
    },
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

function bytesOf({ draft, answered }: Kept): number {
  return draft.event.byteLength + RECORD_BYTES + (answered?.answer?.byteLength ?? 0)
}
