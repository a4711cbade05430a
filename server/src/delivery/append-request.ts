import type { Clock } from '../clock/clock.ts'
import type { Sealer } from '../masks/masks.ts'
import type { AppendRequest, CancelDraft, IdempotencyKey, MailboxBounds } from '../store/store.ts'
import { type Accepted, draftOf, type Outgoing } from './accept.ts'
import type { Links } from './links.ts'
import { sealContext } from './seal-context.ts'

export type AppendContext = {
  readonly clock: Clock
  readonly sealer: Sealer
  readonly links: Links
  readonly bounds: MailboxBounds
}

/** What the store is asked to do with a QoS 1 event. Its clear bytes never reach the store where it is masked. */
export function appendRequest(
  { clock, sealer, links, bounds }: AppendContext,
  event: Accepted,
  idempotency: IdempotencyKey | undefined,
): AppendRequest {
  const { eventId, userEndpointId, expiresAtWallMs, collapseKey, cancelOthers } = event
  const acceptedAtWallMs = clock.wallMs()
  return {
    ...event.to,
    ...bounds,
    event: {
      eventId,
      payload: payloadOf(sealer, event, event),
      sealed: event.isMasked,
      acceptedAtWallMs,
      ...(expiresAtWallMs === undefined ? {} : { expiresAtWallMs }),
    },
    record: draftOf(event, event, acceptedAtWallMs),
    ...(userEndpointId === undefined ? {} : { userEndpointId }),
    ...(idempotency === undefined ? {} : { idempotency }),
    ...(collapseKey === undefined
      ? {}
      : { collapseKey: scoped(event, collapseKey), sentThrough: links.sentThrough }),
    ...(cancelOthers === undefined ? {} : { cancelOthers: cancelDraft(sealer, event, cancelOthers) }),
  }
}

/** A collapse key is its sender's: nobody replaces what others sent. Ids contain no slash. */
function scoped(event: Accepted, collapseKey: string): string {
  const organizationId = event.isFromService ? '' : event.senderOrganizationId
  return `${organizationId}/${event.senderId}/${collapseKey}`
}

function cancelDraft(sealer: Sealer, event: Accepted, cancel: Outgoing): CancelDraft {
  return {
    eventId: cancel.eventId,
    payload: payloadOf(sealer, event, cancel),
    sealed: event.isMasked,
    record: draftOf(event, cancel, 0),
  }
}

function payloadOf(sealer: Sealer, { to, isMasked }: Accepted, { bytes, eventId }: Outgoing): Buffer {
  return isMasked ? sealer.seal(bytes, sealContext(to, eventId)) : bytes
}
