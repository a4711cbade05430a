import type { HistoryDraft } from '../../store.ts'

/** A draft as functions are given it: what they go by, and all of it but the event as JSON. */
export function draftFields(draft: HistoryDraft) {
  const { event: _, ...rest } = draft
  return {
    o: draft.organizationId,
    u: draft.userId,
    e: draft.eventId,
    a: draft.acceptedAtWallMs,
    s: draft.senderId,
    ...(draft.sentBy === undefined ? {} : { k: draft.sentBy.kind }),
    j: JSON.stringify(rest),
  }
}
