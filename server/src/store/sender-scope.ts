import type { Sender } from './history.ts'

/** A name that no two senders share: not even a user and a client that are called alike. Ids contain no slash. */
export function senderScope({ kind, id }: Sender, organizationId: string): string {
  return `${kind}/${kind === 'service' ? '' : organizationId}/${id}`
}
