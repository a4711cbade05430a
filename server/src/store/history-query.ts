import type { HistoryEndpoint, HistoryQuery, HistoryRecord, Outcome } from './store.ts'

/** Whether nothing more can become of an entry of a mailbox after this. */
export function isFinal(outcome: Outcome): boolean {
  return outcome === 'acknowledged' || outcome === 'expired' || outcome === 'discarded'
}

/** Whether a record is what was asked for. */
export function matches(record: HistoryRecord, query: HistoryQuery): boolean {
  const { organizationId, userId, involvedUserId, userEndpointId, type, fromWallMs, toWallMs } = query
  return (
    (organizationId === undefined || record.organizationId === organizationId) &&
    (userId === undefined || record.userId === userId) &&
    (involvedUserId === undefined ||
      record.userId === involvedUserId ||
      record.senderId === involvedUserId) &&
    (type === undefined || record.type === type) &&
    (fromWallMs === undefined || record.acceptedAtWallMs >= fromWallMs) &&
    (toWallMs === undefined || record.acceptedAtWallMs < toWallMs) &&
    (userEndpointId === undefined || record.endpoints.some((one) => one.userEndpointId === userEndpointId))
  )
}

/** An endpoint's part from what was noted about it, in the order of noting. */
export function toEndpoint(userEndpointId: string, at: HistoryEndpoint['at']): HistoryEndpoint {
  return { userEndpointId, outcome: at.at(-1)?.outcome ?? 'queued', at }
}
