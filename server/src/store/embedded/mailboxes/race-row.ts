import type { CancelDraft, HistoryDraft } from '../../store.ts'
import { encodeFields, FieldReader } from '../fields.ts'
import { senderCodeOf, senderKindOf } from '../history/history-record.ts'

/** What the others get when the race is over. The recorded event is often the payload: it is not written twice. */
export function encodeRace({ eventId, payload, sealed, record }: CancelDraft): Buffer {
  const isSame = record !== undefined && Buffer.compare(record.event, payload) === 0
  return encodeFields([
    eventId,
    payload,
    sealed ? 1 : 0,
    ...(record === undefined
      ? [0]
      : [1, record.organizationId, record.userId, record.type, record.senderId, isSame ? 1 : 0]),
    ...(record === undefined || isSame ? [] : [record.event]),
    ...(record?.sentBy === undefined ? [] : [senderCodeOf(record.sentBy.kind), record.sentBy.id]),
  ])
}

export function decodeRace(value: Uint8Array): CancelDraft {
  const row = new FieldReader(value)
  const draft = { eventId: row.text(), payload: row.bytes(), sealed: row.number() === 1 }
  return row.number() === 0 ? draft : { ...draft, record: decodeRecord(row, draft) }
}

function decodeRecord(row: FieldReader, { eventId, payload }: CancelDraft): HistoryDraft {
  const record = {
    eventId,
    organizationId: row.text(),
    userId: row.text(),
    type: row.text(),
    senderId: row.text(),
    qos: 1,
    // Known when it is appended.
    acceptedAtWallMs: 0,
    event: row.number() === 1 ? payload : row.bytes(),
  } as const
  // Rows of former versions end here.
  return row.isAtEnd ? record : { ...record, sentBy: { kind: senderKindOf(row.number()), id: row.text() } }
}
