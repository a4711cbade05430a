import { RollcallError } from '@rollcall/protocol/error-code'
import { organizationForSending, type Principal } from '../auth/auth.ts'
import type { Clock } from '../clock/clock.ts'
import type { Limits } from '../limits/limits.ts'
import { type MaskSet, parseMasks } from '../masks/masks.ts'
import type { HistoryDraft, UserKey } from '../store/store.ts'
import type { SendEventCommand } from './command.ts'
import { withId } from './event-bytes.ts'
import type { EventSource } from './event-source.ts'
import { maskedEvent } from './masked-event.ts'
import type { Terms } from './terms.ts'

/** An event with everything that is to be known about it. */
export type Outgoing = {
  readonly eventId: string
  readonly type: string
  /** What the device gets, in clear. */
  readonly bytes: Buffer
  /** The same as people get to see it: masked. */
  readonly shown: Buffer
}

/** An event that passed every check, on its way. */
export type Accepted = Outgoing & {
  readonly to: UserKey
  readonly userEndpointId: string | undefined
  readonly senderId: string
  /** The sender's organization, which for role SERVICE is that of the recipient. */
  readonly senderOrganizationId: string
  readonly isFromService: boolean
  readonly isMasked: boolean
  readonly qos: 0 | 1
  readonly expiresAtWallMs: number | undefined
  readonly collapseKey: string | undefined
  readonly cancelOthers: Outgoing | undefined
  /** Monotonic clock. */
  readonly acceptedAtMs: number
}

export type AcceptContext = {
  readonly clock: Clock
  readonly newId: () => string
  readonly quotas: Pick<Limits, 'sendEvents'>
}

/** @throws RollcallError `organization_required`, `rate_limited`, `invalid_mask`, `invalid_request` */
export function accept(
  { clock, newId, quotas }: AcceptContext,
  principal: Principal,
  command: SendEventCommand,
): Accepted {
  const organizationId = organizationForSending(principal, command.organizationId)
  quotas.sendEvents(principal, organizationId, 1)
  const { cancelOthers } = command
  const masks = command.masks.length > 0 ? parseMasks(command.masks) : undefined
  const { eventId, type, bytes, shown } = outgoing(command.event, newId, masks)
  // Member by member: spreading would take longer than all the rest.
  return {
    eventId,
    type,
    bytes,
    shown,
    to: { organizationId, userId: command.userId },
    userEndpointId: command.userEndpointId,
    senderId: principal.userId,
    senderOrganizationId: principal.organizationId ?? organizationId,
    isFromService: principal.organizationId === null,
    isMasked: masks !== undefined,
    qos: command.qos,
    expiresAtWallMs: endOf(command, clock),
    collapseKey: command.collapseKey,
    cancelOthers: cancelOthers && outgoing(cancelOthers, newId, masks),
    acceptedAtMs: clock.monotonicMs(),
  }
}

function outgoing(event: EventSource, newId: () => string, masks: MaskSet | undefined): Outgoing {
  const eventId = event.id ?? newId()
  const bytes = withId(event, eventId)
  if (masks === undefined) return { eventId, type: event.type, bytes, shown: bytes }
  return { eventId, type: event.type, bytes, shown: maskedEvent(masks, { ...event.value, id: eventId }) }
}

function endOf({ ttlSeconds, expiresAtWallMs }: Terms, clock: Clock): number | undefined {
  if (ttlSeconds !== undefined) return clock.wallMs() + ttlSeconds * 1000
  if (expiresAtWallMs === undefined || expiresAtWallMs > clock.wallMs()) return expiresAtWallMs
  const problem = 'must lie ahead'
  throw new RollcallError('invalid_request', `expiresAt: ${problem}`, { fields: [['expiresAt', problem]] })
}

/** What the history keeps of an event. */
export function draftOf(event: Accepted, of: Outgoing, acceptedAtWallMs: number): HistoryDraft {
  return {
    organizationId: event.to.organizationId,
    userId: event.to.userId,
    eventId: of.eventId,
    type: of.type,
    qos: event.qos,
    acceptedAtWallMs,
    // A user of the organization may bear the name of a client of role SERVICE.
    senderId: event.isFromService ? '' : event.senderId,
    event: of.shown,
  }
}
