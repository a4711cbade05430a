import type { DisconnectReason } from '@rollcall/protocol/lifecycle'
import type { RegistrationRecord } from '../registrations/record.ts'
import type { FeedParts } from './feed-parts.ts'

/** The registration got a link. */
export function tellConnected(
  { changes, links }: FeedParts,
  record: RegistrationRecord,
  atWallMs: number,
): void {
  const isWatched =
    changes.isWatched(record.organizationId, 'UserEndpointConnectedEvent') ||
    changes.isWatched(record.organizationId, 'UserEndpointDisconnectedEvent')
  if (!isWatched) return
  links.connected(record, atWallMs)
  changes.addLink('UserEndpointConnectedEvent', record, 'subscribed', atWallMs)
}

/** It has it no longer. */
export function tellDisconnected(
  { changes, links }: FeedParts,
  record: RegistrationRecord,
  reason: DisconnectReason,
  atWallMs: number,
): void {
  const connectedAtWallMs = links.disconnected(record)
  const more = connectedAtWallMs === undefined ? {} : { connectedAtWallMs }
  changes.addLink('UserEndpointDisconnectedEvent', record, reason, atWallMs, more)
}
