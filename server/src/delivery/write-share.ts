import { RollcallError } from '@rollcall/protocol/error-code'
import { type Ledger, senderInto } from '../limits/limits.ts'
import type { Accepted } from './accept.ts'

/**
 * Bytes of an event that wait to be written are its sender's, until they are on disk or were given up.
 *
 * @throws RollcallError `unavailable` where the sender has more than its share
 */
export function takeWrite(
  { writeBytes }: Pick<Ledger, 'writeBytes'>,
  { to, senderId, senderOrganizationId, isFromService }: Accepted,
  bytes: number,
): () => void {
  const sender = { organizationId: isFromService ? null : senderOrganizationId, userId: senderId }
  const release = writeBytes.take(senderInto(to.organizationId, sender), bytes)
  if (release !== undefined) return release
  throw new RollcallError('unavailable', 'Too many events of this sender wait to be written.', {
    retryAfterSeconds: 1,
  })
}
