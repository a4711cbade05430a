import { ANSWERABLE_MS } from '@rollcall/protocol/limits'
import type { Clock } from '../clock/clock.ts'
import type { Sealer } from '../masks/masks.ts'
import {
  type AdmitWrite,
  type AppendRequest,
  type CallDraft,
  type CancelDraft,
  type Claim,
  type MailboxBounds,
  type StoredEvent,
  senderScope,
} from '../store/store.ts'
import { type Accepted, draftOf, type Outgoing } from './accept.ts'
import { sealContext } from './scopes.ts'

export type AppendContext = {
  readonly clock: Clock
  readonly sealer: Sealer
  readonly bounds: MailboxBounds
}

/** What the store is asked to do with a QoS 1 event. Its clear bytes never reach the store where it is masked. */
export function appendRequest(
  { clock, sealer, bounds }: AppendContext,
  event: Accepted,
  idempotency: Claim | undefined,
  admit: AdmitWrite,
  isAwaited: boolean,
): AppendRequest {
  const { eventId, userEndpointId, collapseKey, cancelOthers, cancelOn, waitsForAnswer } = event
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
    admit,
  }
  const request = userEndpointId === undefined ? plain : { ...plain, userEndpointId }
  const isPlain = collapseKey === undefined && cancelOthers === undefined && !waitsForAnswer
  if (idempotency === undefined && isPlain && !isAwaited) return request
  const cancel = cancelOthers && cancelDraft(sealer, event, cancelOthers)
  const isCall = waitsForAnswer || (cancel !== undefined && cancelOn === 'answered')
  return {
    ...request,
    ...(idempotency === undefined ? {} : { idempotency }),
    ...(isAwaited ? { isAwaited } : {}),
    ...(collapseKey === undefined ? {} : { collapseKey: scoped(event, collapseKey) }),
    ...(cancel === undefined || cancelOn === 'answered' ? {} : { cancelOthers: cancel }),
    ...(isCall ? { call: callDraft(event, cancel, acceptedAtWallMs) } : {}),
  }
}

/** What is kept for one endpoint to answer it, which is when the cancelling event goes out, unless that is asked earlier. */
function callDraft(event: Accepted, cancel: CancelDraft | undefined, acceptedAtWallMs: number): CallDraft {
  return {
    senderId: senderScope(event.sentBy, event.senderOrganizationId),
    endsAtWallMs: event.expiresAtWallMs ?? acceptedAtWallMs + ANSWERABLE_MS,
    masks: event.masks,
    ...(cancel === undefined || event.cancelOn !== 'answered' ? {} : { cancelOthers: cancel }),
  }
}

function storedEvent({ expiresAtWallMs }: Accepted, stored: StoredEvent): StoredEvent {
  return expiresAtWallMs === undefined ? stored : { ...stored, expiresAtWallMs }
}

/**
 * A collapse key is its sender's: nobody replaces what others sent, nor does a user that is called like a client. Ids
 * contain no slash and no dollar sign.
 */
function scoped(event: Accepted, collapseKey: string): string {
  const organizationId = event.isFromService ? '' : event.senderOrganizationId
  const name = event.sentBy.kind === 'user' ? `$${event.senderId}` : event.senderId
  return `${organizationId}/${name}/${collapseKey}`
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
