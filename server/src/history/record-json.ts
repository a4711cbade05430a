import type { HistoryEndpoint, HistoryRecord } from '@rollcall/protocol/history'
import type { HistoryQuery, Sender, HistoryRecord as StoredRecord } from '../store/store.ts'

/** Whose records a caller may read; `auth/policy.ts` says it. Every member that is given must match. */
export type HistoryScope = Pick<HistoryQuery, 'organizationId' | 'involvedUserId'>

/** Who reads, as the history would name it if it had sent something, and what it may read. */
export type Reader = { readonly caller: Sender; readonly scope: HistoryScope }

type Part = StoredRecord['endpoints'][number]
type TimeName = Exclude<keyof HistoryEndpoint, 'userEndpointId' | 'outcome' | 'discardReason'>

/** A record as JSON, with the event's own bytes in it: numbers and the order of members stay as they were sent. */
export function recordJson(record: StoredRecord, reader: Reader): string {
  const head: Omit<HistoryRecord, 'event' | 'endpoints'> = {
    id: record.eventId,
    organizationId: record.organizationId,
    userId: record.userId,
    qos: record.qos,
    acceptedAt: instant(record.acceptedAtWallMs),
    ...senderJson(record, reader),
  }
  const event = Buffer.from(record.event).toString('utf8')
  const endpoints = JSON.stringify(record.endpoints.map((part) => toEndpoint(part, record.answered)))
  return `${JSON.stringify(head).slice(0, -1)},"event":${event},"endpoints":${endpoints}${answerJson(record)}}`
}

/** The members that an answered record ends with. */
function answerJson({ answered }: StoredRecord): string {
  if (answered === undefined) return ''
  const { userEndpointId, atWallMs, answer } = answered
  const said = answer === undefined ? '' : `,"answer":${Buffer.from(answer).toString('utf8')}`
  return `,"answeredAt":"${instant(atWallMs)}","answeredBy":${JSON.stringify(userEndpointId)}${said}`
}

/**
 * What the sender was, and its name for whom it may concern: those who read the whole organization, and itself. What
 * serves all organizations is named to its like only.
 */
function senderJson({ sentBy }: StoredRecord, { caller, scope }: Reader): Pick<HistoryRecord, 'sentBy'> {
  if (sentBy === undefined) return {}
  const { kind, id } = sentBy
  const isOwn = caller.kind === kind && caller.id === id
  const readsAll = scope.involvedUserId === undefined && (kind !== 'service' || caller.kind === 'service')
  return { sentBy: isOwn || readsAll ? { kind, id } : { kind } }
}

/** A page of records as JSON. */
export function pageJson(
  records: readonly StoredRecord[],
  nextCursor: string | undefined,
  reader: Reader,
): string {
  const next = nextCursor === undefined ? '' : `,"nextCursor":${JSON.stringify(nextCursor)}`
  return `{"events":[${records.map((record) => recordJson(record, reader)).join(',')}]${next}}`
}

function toEndpoint(
  { userEndpointId, outcome, at }: Part,
  answered: StoredRecord['answered'],
): HistoryEndpoint {
  const times = at.map((noted) => [timeName(noted.outcome), instant(noted.atWallMs)])
  const reason = at.at(-1)?.reason
  const why = reason === undefined ? {} : { discardReason: reason }
  const part = { userEndpointId, outcome, ...Object.fromEntries(times), ...why }
  if (answered?.userEndpointId !== userEndpointId) return part
  return { ...part, answeredAt: instant(answered.atWallMs) }
}

function timeName(outcome: Part['outcome']): TimeName {
  return outcome === 'not_connected' ? 'notConnectedAt' : `${outcome}At`
}

function instant(wallMs: number): string {
  return new Date(wallMs).toISOString()
}
