import {
  isLifecycleEventType,
  LIFECYCLE_EVENTS,
  type LifecycleEventType,
  type LifecycleReason,
} from '@rollcall/protocol/lifecycle'
import type { DeadLetter, FeedEntry } from '../../store.ts'
import { encodeFields, FieldReader } from '../fields.ts'

/** The sequence is the key. */
export function encodeEntry(entry: Omit<FeedEntry, 'sequence'>): Buffer {
  return encodeFields(fieldsOf(entry))
}

function fieldsOf(entry: Omit<FeedEntry, 'sequence'>): readonly (number | string)[] {
  return [
    entry.organizationId,
    entry.type,
    entry.reason,
    entry.userId,
    entry.userEndpointId,
    entry.atWallMs,
    entry.registeredAtWallMs ?? Number.NaN,
    entry.lastKeepAliveAtWallMs ?? Number.NaN,
    entry.keepAliveSeconds ?? Number.NaN,
    entry.connectedAtWallMs ?? Number.NaN,
    entry.eventId ?? '',
    entry.answer ?? '',
    ...(entry.dropped === undefined ? [] : [entry.dropped, entry.fromWallMs ?? entry.atWallMs]),
  ]
}

export function decodeEntry(sequence: number, row: Uint8Array): FeedEntry {
  return readEntry(sequence, new FieldReader(row))
}

function readEntry(sequence: number, row: FieldReader): FeedEntry {
  const organizationId = row.text()
  const type = readType(row)
  const entry = {
    sequence,
    organizationId,
    type,
    reason: readReason(type, row),
    userId: row.text(),
    userEndpointId: row.text(),
    atWallMs: row.number(),
  }
  const times = readTimes(row)
  const connectedAtWallMs = row.number()
  const eventId = row.text()
  // Rows of earlier versions end here.
  const answer = row.isAtEnd ? '' : row.text()
  const gap = row.isAtEnd ? {} : { dropped: row.number(), fromWallMs: row.number() }
  return {
    ...entry,
    ...times,
    ...(Number.isNaN(connectedAtWallMs) ? {} : { connectedAtWallMs }),
    ...(eventId === '' ? {} : { eventId }),
    ...(answer === '' ? {} : { answer }),
    ...gap,
  }
}

/** None of an endpoint that was not registered any more. */
function readTimes(row: FieldReader) {
  const registeredAtWallMs = row.number()
  const lastKeepAliveAtWallMs = row.number()
  const keepAliveSeconds = row.number()
  if (Number.isNaN(registeredAtWallMs)) return {}
  return { registeredAtWallMs, lastKeepAliveAtWallMs, keepAliveSeconds }
}

function readType(row: FieldReader): LifecycleEventType {
  const type = row.text()
  if (!isLifecycleEventType(type)) throw new RangeError('a row has an unknown type')
  return type
}

function readReason(type: LifecycleEventType, row: FieldReader): LifecycleReason {
  const text = row.text()
  const reasons: readonly LifecycleReason[] = LIFECYCLE_EVENTS[type]
  const reason = reasons.find((known) => known === text)
  if (reason === undefined) throw new RangeError('a row has an unknown reason')
  return reason
}

export function encodeDeadLetter({ entry, failure, buriedAtWallMs }: DeadLetter): Buffer {
  return encodeFields([failure, buriedAtWallMs, ...fieldsOf(entry)])
}

export function decodeDeadLetter(sequence: number, value: Uint8Array): DeadLetter {
  const row = new FieldReader(value)
  return { failure: row.text(), buriedAtWallMs: row.number(), entry: readEntry(sequence, row) }
}
