import type { Sender, UserKey } from '../store/store.ts'

/** A name that no two senders share: not even a user and a client that are called alike. Ids contain no slash. */
export function senderScope({ kind, id }: Sender, organizationId: string): string {
  return `${kind}/${kind === 'service' ? '' : organizationId}/${id}`
}

/** What a seal is bound to, so that a sealed event cannot be moved into another user's mailbox. */
export function sealContext({ organizationId, userId }: UserKey, eventId: string): string {
  return `${organizationId}/${userId}/${eventId}`
}
