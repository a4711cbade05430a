import type { DiscardReason } from '@rollcall/protocol/history'
import type {
  HistoryDraft,
  HistoryEndpoint,
  HistoryQuery,
  HistoryRecord,
  Noted,
  Outcome,
  Sender,
  UserKey,
} from './store.ts'

/** Whether nothing more can become of an entry of a mailbox after this. */
export function isFinal(outcome: Outcome): boolean {
  return outcome === 'acknowledged' || outcome === 'expired' || outcome === 'discarded'
}

/** Whether a record is what was asked for. */
export function matches(record: HistoryRecord, query: HistoryQuery): boolean {
  const { organizationId, userId, userEndpointId, type, outcome, text, fromWallMs, toWallMs } = query
  return (
    (organizationId === undefined || record.organizationId === organizationId) &&
    (userId === undefined || record.userId === userId) &&
    isFromWanted(record, query) &&
    (type === undefined || record.type === type) &&
    (fromWallMs === undefined || record.acceptedAtWallMs >= fromWallMs) &&
    (toWallMs === undefined || record.acceptedAtWallMs < toWallMs) &&
    (userEndpointId === undefined || record.endpoints.some((one) => one.userEndpointId === userEndpointId)) &&
    (outcome === undefined || record.endpoints.some((one) => one.outcome === outcome)) &&
    (text === undefined || Buffer.from(record.event).toString('utf8').toLowerCase().includes(text))
  )
}

/** Whether a user was sent an event, or sent it itself: what a query with `involvedUserId` finds. */
export function concerns(draft: HistoryDraft, { organizationId, userId }: UserKey): boolean {
  return draft.organizationId === organizationId && isFromWanted(draft, { involvedUserId: userId })
}

function isFromWanted(
  draft: HistoryDraft,
  { involvedUserId, sentBy: wanted, isFromBackend }: HistoryQuery,
): boolean {
  const { userId, senderId, sentBy } = draft
  const isUsers = sentBy === undefined || sentBy.kind === 'user'
  return (
    (involvedUserId === undefined || userId === involvedUserId || (isUsers && senderId === involvedUserId)) &&
    (wanted === undefined || isSender(wanted, senderId, sentBy)) &&
    (isFromBackend !== true || isBackends(draft))
  )
}

/** Whether a backend or role SERVICE sent it; of records that do not say what their sender was, role SERVICE alone is known. */
export function isBackends({ senderId, sentBy }: Pick<HistoryDraft, 'senderId' | 'sentBy'>): boolean {
  return sentBy === undefined ? senderId === '' : sentBy.kind !== 'user'
}

function isSender(wanted: Sender, senderId: string, sentBy: Sender | undefined): boolean {
  if (sentBy === undefined) return senderIdOf(wanted) === senderId
  return sentBy.kind === wanted.kind && sentBy.id === wanted.id
}

/** What `HistoryDraft.senderId` is for a sender. */
export function senderIdOf({ kind, id }: Sender): string {
  return kind === 'service' ? '' : id
}

/** An outcome as it is kept. */
export function noted(outcome: Outcome, atWallMs: number, reason: DiscardReason | undefined): Noted {
  return reason === undefined ? { outcome, atWallMs } : { outcome, atWallMs, reason }
}

/** An endpoint's part from what was noted about it, in the order of noting. */
export function toEndpoint(userEndpointId: string, at: HistoryEndpoint['at']): HistoryEndpoint {
  return { userEndpointId, outcome: at.at(-1)?.outcome ?? 'queued', at }
}
