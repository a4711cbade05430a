import type { UserKey } from '../store/store.ts'

/** What a seal is bound to, so that a sealed event cannot be moved into another user's mailbox. */
export function sealContext({ organizationId, userId }: UserKey, eventId: string): string {
  return `${organizationId}/${userId}/${eventId}`
}
