import { matches } from '../../history-query.ts'
import type { HistoryQuery, HistoryRecord, HistoryStore } from '../../store.ts'
import { list, number } from '../connection/answers.ts'
import { atUser, type Engine, earliest } from '../engine.ts'
import { draftFields } from './drafts.ts'
import type { LateWrites } from './late-writes.ts'
import { listRecords } from './listing.ts'
import { toRecord } from './records.ts'

/** Records of one event id that one partition is asked for. */
const SAME_ID_MAX = 1_000

export function redisHistory(engine: Engine, late: LateWrites): HistoryStore {
  return {
    add(draft, endpoints) {
      const parts = endpoints.flatMap(({ userEndpointId, outcome, reason = '' }) => [
        userEndpointId,
        outcome,
        reason,
      ])
      const fields = JSON.stringify(draftFields(draft))
      const args = [fields, Buffer.from(draft.event), engine.hints.next(), ...parts]
      late.begin(() => atUser(engine, 'quick', 'history_add', draft, args))
    },
    note({ registration, sequence }, outcome, reason) {
      const args = [registration.registrationId, sequence, outcome, reason ?? '']
      late.begin(() => atUser(engine, 'quick', 'history_note', registration, args))
    },
    find: (eventId, query) => find(engine, eventId, query),
    list: (query, before, max) => listRecords(engine, query, before, max),
    async bytes(organizationId = '') {
      const parts = await engine.functions.callAll('quick', 'history_bytes', [organizationId])
      return parts.reduce<number>((sum, part) => sum + number(part), 0)
    },
  }
}

async function find(
  engine: Engine,
  eventId: string,
  query: HistoryQuery,
): Promise<HistoryRecord | undefined> {
  const oldestWallMs = Number(earliest(engine)) - engine.historyBounds.ageMsMax
  const parts = await engine.functions.callAll('quick', 'history_find', [eventId, SAME_ID_MAX])
  return parts
    .flatMap((part) => list(part).map(toRecord))
    .filter((record) => record.acceptedAtWallMs > oldestWallMs && matches(record, query))
    .sort((a, b) => b.recordId - a.recordId)[0]
}
