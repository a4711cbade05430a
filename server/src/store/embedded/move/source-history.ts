import type { ItemOf, Put } from '../../move/items.ts'
import { asBuffer } from '../fields.ts'
import { EventAnswers } from '../history/event-answers.ts'
import { Chunk } from '../history/history-chunk.ts'
import type { StoredPart } from '../history/history-record.ts'
import { HistoryShares } from '../history/history-shares.ts'
import { readHistoryState } from '../history/history-state.ts'
import { OutcomePages } from '../history/outcome-pages.ts'
import { numberKey } from '../keys.ts'
import type { Rows } from '../rows.ts'

/** Where an entry's record is, by the sequence of the entry. */
export type RecordPlaces = ReadonlyMap<number, NonNullable<ItemOf<'entry'>['record']>>

/**
 * Hands over the records that are seen, oldest first, with what became of them.
 *
 * @returns of what may still become something
 */
export async function sendHistory(rows: Rows, nextSequence: number, put: Put): Promise<RecordPlaces> {
  const { oldestChunk, nextChunk } = readHistoryState(rows, nextSequence)
  const shares = new HistoryShares()
  await shares.load(rows)
  const answers = new EventAnswers(rows, 0)
  await answers.load(() => undefined)
  const pages = new OutcomePages({ rows, isDurable: () => true })
  const places = new Map<number, NonNullable<ItemOf<'entry'>['record']>>()
  for (let number = oldestChunk; number < nextChunk; number++) {
    const row = rows.get('history', numberKey(number))
    if (row === undefined) continue
    const chunk = new Chunk(asBuffer(row))
    for (let index = 0; index < chunk.header.records; index++) {
      const { draft, parts } = chunk.at(index)
      const recordId = chunk.idAt(index)
      if (recordId < shares.fromOf(draft.organizationId)) continue
      const endpoints = parts.map((part, place) => {
        if (part.sequence > 0) places.set(part.sequence, { recordId, part: place })
        return endpointOf(pages, part)
      })
      const answered = answers.of(recordId)
      const record = { ...draft, recordId, endpoints }
      put('record', answered === undefined ? record : { ...record, answered })
    }
  }
  return places
}

function endpointOf(pages: OutcomePages, { userEndpointId, sequence, at }: StoredPart) {
  const later = sequence === 0 ? [] : pages.of(sequence)
  return { userEndpointId, at: [...at, ...later] }
}
