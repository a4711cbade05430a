import { RollcallError } from '@rollcall/protocol/error-code'
import { organizationForSending, type Principal } from '../auth/auth.ts'
import type { Clock } from '../clock/clock.ts'
import type { Limits } from '../limits/limits.ts'
import { parseMasks, type Sealer } from '../masks/masks.ts'
import type { Metrics } from '../observe/observe.ts'
import type { AppendOutcome, IdempotencyKey, Registration, Store, UserKey } from '../store/store.ts'
import type { SendEventCommand } from './command.ts'
import type { SendResult } from './delivery.ts'
import { withId } from './event-bytes.ts'
import type { Idempotency } from './idempotency.ts'
import type { Links } from './links.ts'
import { sealContext } from './seal-context.ts'

export type SendEventContext = {
  readonly store: Pick<Store, 'registrations' | 'mailboxes' | 'serviceTime'>
  readonly links: Links
  readonly idempotency: Idempotency
  readonly sealer: Sealer
  readonly clock: Clock
  readonly newId: () => string
  readonly metrics: Pick<Metrics, 'eventAccepted' | 'eventOutcome' | 'deliveryMs'>
  readonly limits: { readonly mailboxEventsMax: number; readonly mailboxBytesMax: number }
  readonly quotas: Pick<Limits, 'sendEvents'>
}

/** An event that passed every check, on its way. */
type Accepted = {
  readonly to: UserKey
  readonly userEndpointId: string | undefined
  readonly eventId: string
  /** What the device gets, in clear. */
  readonly bytes: Buffer
  readonly isMasked: boolean
  readonly qos: 0 | 1
  /** Monotonic clock. */
  readonly acceptedAtMs: number
}

/**
 * Sends one event. Every branch of the flow is here; what it calls decides nothing about it.
 *
 * @throws RollcallError `organization_required`, `rate_limited`, `invalid_mask`, `mailbox_full`, `unavailable`
 */
export async function sendEvent(
  context: SendEventContext,
  principal: Principal,
  command: SendEventCommand,
  idempotencyKey = command.idempotencyKey,
): Promise<SendResult> {
  const event = accept(context, principal, command)
  if (idempotencyKey === undefined) return route(context, event, undefined)
  const owner = callerOf(principal, event)
  const key = { owner, key: idempotencyKey, expiresAtWallMs: context.idempotency.expiresAtWallMs() }
  return context.idempotency.run(owner, idempotencyKey, () => route(context, event, key))
}

function accept(
  { newId, clock, quotas }: SendEventContext,
  principal: Principal,
  command: SendEventCommand,
): Accepted {
  const organizationId = organizationForSending(principal, command.organizationId)
  quotas.sendEvents(principal, organizationId, 1)
  parseMasks(command.masks)
  const eventId = command.event.id ?? newId()
  return {
    to: { organizationId, userId: command.userId },
    userEndpointId: command.userEndpointId,
    eventId,
    bytes: withId(command.event, eventId),
    isMasked: command.masks.length > 0,
    qos: command.qos,
    acceptedAtMs: clock.monotonicMs(),
  }
}

/** An `Idempotency-Key` belongs to (organization, user); a SERVICE caller's to the organization it named. */
function callerOf(principal: Principal, event: Accepted): UserKey {
  return { organizationId: principal.organizationId ?? event.to.organizationId, userId: principal.userId }
}

async function route(
  context: SendEventContext,
  event: Accepted,
  key: IdempotencyKey | undefined,
): Promise<SendResult> {
  const count =
    event.qos === 0 ? await sendAtMostOnce(context, event) : await sendAtLeastOnce(context, event, key)
  context.metrics.eventAccepted(event.qos)
  return { count, eventId: event.eventId }
}

async function sendAtMostOnce(context: SendEventContext, event: Accepted): Promise<number> {
  const registrations = await locate(context, event)
  for (const registration of registrations) {
    const outbox = context.links.find(registration)
    if (outbox === undefined) context.metrics.eventOutcome('not_connected')
    else context.metrics.eventOutcome(outbox.sendNow(event.bytes) ? 'sent' : 'dropped_congested')
  }
  context.metrics.deliveryMs(0, context.clock.monotonicMs() - event.acceptedAtMs)
  return registrations.length
}

async function locate({ store }: SendEventContext, event: Accepted): Promise<readonly Registration[]> {
  const nowMs = store.serviceTime.nowMs()
  const { userEndpointId } = event
  if (userEndpointId === undefined) return store.registrations.list(event.to, nowMs)
  const found = await store.registrations.find({ ...event.to, userEndpointId }, nowMs)
  return found === undefined ? [] : [found]
}

async function sendAtLeastOnce(
  context: SendEventContext,
  event: Accepted,
  key: IdempotencyKey | undefined,
): Promise<number> {
  const { accepted, full } = await append(context, event, key)
  if (full.length > 0) context.metrics.eventOutcome('mailbox_full', full.length)
  if (accepted.length === 0 && full.length > 0)
    throw new RollcallError('mailbox_full', undefined, { retryAfterSeconds: 1 })
  for (const { registration, ...position } of accepted) {
    const outbox = context.links.find(registration)
    const isSent = outbox?.push(position, event.bytes, event.acceptedAtMs) === true
    context.metrics.eventOutcome(isSent ? 'sent' : 'queued')
  }
  return accepted.length
}

/** One atomic write: nothing is answered before it is durable. */
function append(
  { store, clock, sealer, limits }: SendEventContext,
  event: Accepted,
  idempotency: IdempotencyKey | undefined,
): Promise<AppendOutcome> {
  const payload = event.isMasked
    ? sealer.seal(event.bytes, sealContext(event.to, event.eventId))
    : event.bytes
  const request = {
    ...event.to,
    ...(event.userEndpointId === undefined ? {} : { userEndpointId: event.userEndpointId }),
    event: { eventId: event.eventId, payload, sealed: event.isMasked, acceptedAtWallMs: clock.wallMs() },
    eventsMax: limits.mailboxEventsMax,
    bytesMax: limits.mailboxBytesMax,
    ...(idempotency === undefined ? {} : { idempotency }),
  }
  return store.mailboxes.append(request, store.serviceTime.nowMs())
}
