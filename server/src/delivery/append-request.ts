import type { Clock } from '../clock/clock.ts'
import type { Sealer } from '../masks/masks.ts'
import type {
  AppendRequest,
  CancelDraft,
  IdempotencyKey,
  MailboxBounds,
  StoredEvent,
} from '../store/store.ts'
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
  const { eventId, userEndpointId, collapseKey, cancelOthers } = event
  const acceptedAtWallMs = clock.wallMs()
  const payload = payloadOf(sealer, event, event)
  // Named one by one where nearly every event goes: spreading costs a microsecond each time.
  const plain: AppendRequest = {
    organizationId: event.to.organizationId,
    userId: event.to.userId,
    eventsMax: bounds.eventsMax,
    bytesMax: bounds.bytesMax,
    event: storedEvent(event, { eventId, payload, sealed: event.isMasked, acceptedAtWallMs }),
    record: draftOf(event, event, acceptedAtWallMs),
  }
  const request = userEndpointId === undefined ? plain : { ...plain, userEndpointId }
  if (idempotency === undefined && collapseKey === undefined && cancelOthers === undefined) return request
  return {
    ...request,
    ...(idempotency === undefined ? {} : { idempotency }),
    ...(collapseKey === undefined
      ? {}
      : { collapseKey: scoped(event, collapseKey), sentThrough: links.sentThrough }),
    ...(cancelOthers === undefined ? {} : { cancelOthers: cancelDraft(sealer, event, cancelOthers) }),
  }
}

function storedEvent({ expiresAtWallMs }: Accepted, stored: StoredEvent): StoredEvent {
  return expiresAtWallMs === undefined ? stored : { ...stored, expiresAtWallMs }
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
