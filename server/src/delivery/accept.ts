import { RollcallError } from '@rollcall/protocol/error-code'
import {
  callerAsSender,
  checkSending,
  type Organization,
  organizationForSending,
  type Principal,
} from '../auth/auth.ts'
import type { Clock } from '../clock/clock.ts'
import type { Limits } from '../limits/limits.ts'
import { type MaskLength, type MaskSet, parseMasks } from '../masks/masks.ts'
import type { Metrics } from '../observe/observe.ts'
import type { HistoryDraft, Sender, UserKey } from '../store/store.ts'
import type { SendEventCommand } from './command/command.ts'
import type { EventSource } from './command/event-source.ts'
import type { Terms } from './command/terms.ts'
import type { ReceiptKind } from './command/waiting.ts'
import { outgoingBytes } from './event-bytes.ts'
import { maskedEvent, withMasks } from './masking.ts'

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
  readonly sentBy: Sender
  /** The sender's organization, which for role SERVICE is that of the recipient. */
  readonly senderOrganizationId: string
  readonly isFromService: boolean
  readonly isMasked: boolean
  readonly qos: 0 | 1
  readonly expiresAtWallMs: number | undefined
  readonly collapseKey: string | undefined
  /** As they were given. */
  readonly masks: readonly string[]
  readonly cancelOthers: Outgoing | undefined
  readonly cancelOn: ReceiptKind
  /** Whether somebody waits to hear that it was answered. */
  readonly waitsForAnswer: boolean
  /** Monotonic clock. */
  readonly acceptedAtMs: number
}

export type AcceptContext = {
  readonly clock: Clock
  readonly newId: () => string
  readonly quotas: Pick<Limits, 'sendEvents' | 'work' | 'shedding'>
  readonly organizationOf: OrganizationOf
  readonly mayBeOrganization: (organizationId: string) => boolean
  readonly maskLength: MaskLength
  readonly metrics: Pick<Metrics, 'masksTook'>
}

/** An organization of the directory in force; `undefined`: one that only a foreign issuer knows. */
export type OrganizationOf = (organizationId: string) => Organization | undefined

/** @throws RollcallError `organization_required`, `organization_unknown`, `rate_limited`, `forbidden`, `invalid_mask`, `invalid_request` */
export function accept(context: AcceptContext, principal: Principal, command: SendEventCommand): Accepted {
  const { clock, quotas, organizationOf } = context
  const organizationId = organizationForSending(principal, command.organizationId)
  // Whoever mistypes it would be told of nobody's devices. Of everybody else's organization the token speaks.
  if (principal.organizationId === null && !context.mayBeOrganization(organizationId))
    throw new RollcallError('organization_unknown', undefined, {
      fields: [['organizationId', 'must be the id of an organization that there is']],
    })
  quotas.sendEvents(principal, organizationId, 1)
  const { cancelOthers } = command
  const organization = organizationOf(organizationId)
  const to = { organizationId, userId: command.userId }
  const types = cancelOthers ? [command.event.type, cancelOthers.type] : [command.event.type]
  checkSending(organization, principal, to, types)
  const senderId = organization?.senderId === true ? senderOf(principal) : undefined
  const { event, cancel } = outgoingOf(context, principal, command, senderId)
  // Member by member: spreading would take longer than all the rest.
  return {
    eventId: event.eventId,
    type: event.type,
    bytes: event.bytes,
    shown: event.shown,
    to,
    userEndpointId: command.userEndpointId,
    senderId: principal.userId,
    sentBy: callerAsSender(principal),
    senderOrganizationId: principal.organizationId ?? organizationId,
    isFromService: principal.organizationId === null,
    isMasked: command.masks.length > 0,
    qos: command.qos,
    expiresAtWallMs: endOf(command, clock),
    collapseKey: command.collapseKey,
    masks: command.masks,
    cancelOthers: cancel,
    cancelOn: command.cancelOn,
    waitsForAnswer: command.waitFor === 'answered',
    acceptedAtMs: clock.monotonicMs(),
  }
}

/** Masks are read once, and pay for all of it together: what they take is told even where they are refused. */
function outgoingOf(
  context: AcceptContext,
  principal: Principal,
  { event, cancelOthers, masks }: SendEventCommand,
  senderId: Marks['senderId'],
): { readonly event: Outgoing; readonly cancel: Outgoing | undefined } {
  const { newId, maskLength } = context
  const both = (set: MaskSet | undefined) => {
    const marks = { newId, masks: set, senderId }
    return {
      event: outgoing(event, 'event', marks),
      cancel: cancelOthers && outgoing(cancelOthers, 'cancelOthers.event', marks),
    }
  }
  if (masks.length === 0) return both(undefined)
  return withMasks(context, principal, (work) => both(parseMasks(masks, { length: maskLength, work })))
}

/** Whom devices see as the sender. Role SERVICE is nobody of the organization, whoever there bears its name. */
function senderOf({ organizationId, userId }: Principal): string | null {
  return organizationId === null ? null : userId
}

/** What the server puts into an event. */
type Marks = {
  readonly newId: () => string
  readonly masks: MaskSet | undefined
  /** `undefined`: devices are not told. */
  readonly senderId: string | null | undefined
}

function outgoing(event: EventSource, path: string, { newId, masks, senderId }: Marks): Outgoing {
  // Also one that is null: a device could read either of the two.
  if (senderId !== undefined && Object.hasOwn(event.value, 'senderId'))
    throw badField(`${path}.senderId`, 'is for the server to give in this organization')
  const eventId = event.id ?? newId()
  const bytes = outgoingBytes(event, eventId, senderId)
  if (masks === undefined) return { eventId, type: event.type, bytes, shown: bytes }
  const own = senderId === undefined ? {} : { senderId }
  const value = { ...own, ...event.value, id: eventId }
  return { eventId, type: event.type, bytes, shown: maskedEvent(masks, value) }
}

function badField(field: string, problem: string): RollcallError {
  return new RollcallError('invalid_request', `${field}: ${problem}`, { fields: [[field, problem]] })
}

function endOf({ ttlSeconds, expiresAtWallMs }: Terms, clock: Clock): number | undefined {
  if (ttlSeconds !== undefined) return clock.wallMs() + ttlSeconds * 1000
  if (expiresAtWallMs === undefined || expiresAtWallMs > clock.wallMs()) return expiresAtWallMs
  throw badField('expiresAt', 'must lie ahead')
}

/** What the history keeps of an event. */
export function draftOf(event: Accepted, of: Outgoing, acceptedAtWallMs: number): HistoryDraft {
  const { expiresAtWallMs } = event
  const draft = {
    organizationId: event.to.organizationId,
    userId: event.to.userId,
    eventId: of.eventId,
    type: of.type,
    qos: event.qos,
    acceptedAtWallMs,
    // A user of the organization may bear the name of a client of role SERVICE.
    senderId: event.isFromService ? '' : event.senderId,
    sentBy: event.sentBy,
    event: of.shown,
    masks: event.masks,
  }
  // Only where nearly no event goes: spreading costs a microsecond each time.
  return expiresAtWallMs === undefined || of !== event ? draft : { ...draft, expiresAtWallMs }
}
