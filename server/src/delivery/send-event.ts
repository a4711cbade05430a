import { RollcallError } from '@rollcall/protocol/error-code'
import type { Principal } from '../auth/auth.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { type Limits, turnOf } from '../limits/limits.ts'
import type { Statistics, Tally } from '../observe/observe.ts'
import {
  type AdmitWrite,
  type AppendOutcome,
  type Claim,
  type EndpointOutcome,
  type MailboxBounds,
  type Outcome,
  type RegistrationKey,
  type Sighting,
  type Store,
  senderScope,
  type UserKey,
} from '../store/store.ts'
import { type AcceptContext, type Accepted, accept, draftOf } from './accept.ts'
import { type AppendContext, appendRequest } from './append-request.ts'
import type { SendEventCommand } from './command/command.ts'
import { tell } from './endings.ts'
import type { Idempotency } from './idempotency.ts'
import type { Links } from './links/links.ts'
import { assertMailboxShare, type MailboxShareSettings } from './mailbox-share.ts'
import { areDear } from './masking.ts'
import { lookUpConnected, lookUpEnded } from './nodes/look-up.ts'
import { sendOnceElsewhere } from './nodes/send-once.ts'
import type { Receipts } from './receipts.ts'
import type { ExpectedEvent, ReceiptCount, ReceiptWait, Waiter } from './waiter.ts'
import { takeWrite } from './write-share.ts'

/** While no more than this waits to be written nobody's share is looked at: it is written in no time, or soon is more. */
const ANYBODYS_BYTES = 8_388_608

export type SendEventContext = AcceptContext &
  AppendContext & {
    readonly store: Pick<Store, 'registrations' | 'mailboxes' | 'history' | 'gauges'>
    readonly links: Links
    readonly idempotency: Idempotency
    readonly receipts: Receipts
    readonly quotas: Pick<Limits, 'turns' | 'ledger' | 'shedding'>
    readonly statistics: Pick<Statistics, 'of'>
    readonly bounds: MailboxBounds
    readonly shares: MailboxShareSettings
    /** The other processes of the service. `undefined`: there are none. */
    readonly others: Pick<Cluster, 'router' | 'requests'> | undefined
    readonly onAsleep?: OnAsleep
  }

/** An event waits for an endpoint that can be woken and has no link here. */
export type OnAsleep = (registration: RegistrationKey, event: Accepted, sequence: number) => void

/** What a sender learns. */
export type SendResult = {
  /** Registered endpoints that the event was accepted for. */
  readonly count: number
  readonly eventId: string
  /** Where they were waited for, and the event was sent for this very request. */
  readonly receipts?: ReceiptCount
}

/**
 * Sends one event. Every branch of the flow is here; what it calls decides nothing about it.
 *
 * @throws RollcallError `organization_required`, `organization_unknown`, `rate_limited`, `forbidden`, `invalid_mask`, `invalid_request`,
 *   `mailbox_full`, `unavailable`
 */
export function sendEvent(
  context: SendEventContext,
  principal: Principal,
  command: SendEventCommand,
  idempotencyKey = command.idempotencyKey,
  waiter?: Waiter,
): Promise<SendResult> {
  const isDear = areDear(command.masks, command.event.bytes.length)
  return isDear
    ? sendInTurn(context, principal, command, idempotencyKey, waiter)
    : begin(context, principal, command, idempotencyKey, waiter)
}

async function sendInTurn(
  context: SendEventContext,
  principal: Principal,
  command: SendEventCommand,
  idempotencyKey: string | undefined,
  waiter: Waiter | undefined,
): Promise<SendResult> {
  context.quotas.shedding.admit('dear-masks')
  await context.quotas.turns.next(turnOf(principal))
  return await begin(context, principal, command, idempotencyKey, waiter)
}

/** Not `async`, as little here is: each event that waits for its commit would hold one frame more, and with it its body. */
function begin(
  context: SendEventContext,
  principal: Principal,
  command: SendEventCommand,
  idempotencyKey: string | undefined,
  waiter: Waiter | undefined,
): Promise<SendResult> {
  try {
    const event = accept(context, principal, command)
    if (idempotencyKey === undefined) return route(context, event, undefined, waiter)
    return context.idempotency.run(callerOf(event), idempotencyKey, event.to, (claim) =>
      route(context, event, claim, waiter),
    )
  } catch (error) {
    return Promise.reject(error)
  }
}

/** The same, and then waits for receipts. The place is taken first: where there is none, nothing is sent. */
export async function sendEventAndWait(
  context: SendEventContext,
  principal: Principal,
  command: SendEventCommand,
  idempotencyKey: string | undefined,
  wait: ReceiptWait,
): Promise<SendResult> {
  const waiter = context.receipts.open(principal, command)
  try {
    const result = await sendEvent(context, principal, command, idempotencyKey, waiter)
    await waiter.wait(wait, context.others && (() => hearOfLinks(context, waiter)))
    const isInDoubt = !waiter.isOver || waiter.doubtful.length > 0
    if (context.others !== undefined && isInDoubt) await hearOfEndings(context, waiter)
    return waiter.count === undefined ? result : { ...result, receipts: waiter.count }
  } finally {
    context.receipts.close(waiter)
  }
}

/** Before it is given up because nobody is there: links of other processes are told to nobody here. */
async function hearOfLinks({ store }: SendEventContext, waiter: Waiter): Promise<void> {
  const registrations = waiter.entries.map(({ registration }) => registration)
  for (const { registrationId } of await lookUpConnected(store, registrations))
    waiter.connected(registrationId)
}

/** What was not heard of is looked up once. Where that cannot be, the sender is told what is known. */
async function hearOfEndings({ store, receipts }: SendEventContext, waiter: Waiter): Promise<void> {
  const { event } = waiter
  if (event === undefined) return
  const open = [...receipts.openEntries(waiter), ...waiter.doubtful]
  const found = await lookUpEnded(store, { ...event, open }).catch(() => undefined)
  for (const { entry, isAcknowledged } of found?.ended ?? [])
    if (!waiter.doubtful.includes(entry)) receipts.entryEnded(entry, isAcknowledged)
    else if (isAcknowledged) waiter.wasAcknowledged()
  if (found?.answeredBy !== undefined && waiter.waitsForAnswer) waiter.answered(found.answeredBy)
}

/** An `Idempotency-Key` belongs to (organization, user); a SERVICE caller's to the organization it named. */
function callerOf({ senderOrganizationId, senderId }: Accepted): UserKey {
  return { organizationId: senderOrganizationId, userId: senderId }
}

function route(
  context: SendEventContext,
  event: Accepted,
  claim: Claim | undefined,
  waiter: Waiter | undefined,
): Promise<SendResult> {
  const tally = context.statistics.of(event.to.organizationId)
  return event.qos === 0
    ? sendAtMostOnce(context, tally, event, waiter)
    : sendAtLeastOnce(context, tally, event, claim, waiter)
}

async function sendAtMostOnce(
  context: SendEventContext,
  tally: Tally,
  event: Accepted,
  waiter: Waiter | undefined,
): Promise<SendResult> {
  const { clock, links, receipts, store } = context
  const { to, userEndpointId } = event
  const addressee = userEndpointId === undefined ? to : { ...to, userEndpointId }
  const sightings = await store.registrations.look([addressee], { link: true })
  const atWallMs = clock.wallMs()
  const isOver = event.expiresAtWallMs !== undefined && event.expiresAtWallMs <= atWallMs
  if (waiter !== undefined)
    receipts.expect(waiter, awaited(event), [], isOver ? 0 : connected(links, sightings))
  const endpoints = sightings.map((sighting) => {
    const how = isOver ? 'expired' : sendNow(context, sighting, event)
    tally.outcome(0, how)
    return outcomeAt(sighting.registration.userEndpointId, SHOWN[how])
  })
  store.history.add(draftOf(event, event, atWallMs), endpoints)
  if (endpoints.some(wasSent)) tally.delivered(0, clock.monotonicMs() - event.acceptedAtMs)
  tally.event(0)
  return { count: sightings.length, eventId: event.eventId }
}

/** What becomes of a QoS 0 event at an endpoint, as it is counted; and how the history shows that. */
const SHOWN = {
  sent: { outcome: 'sent', reason: undefined },
  not_connected: { outcome: 'not_connected', reason: undefined },
  expired: { outcome: 'expired', reason: undefined },
  dropped_congested: { outcome: 'discarded', reason: 'congested' },
  too_large: { outcome: 'discarded', reason: 'too_large' },
} as const

/** Member by member: spread, each would have a shape of its own, and whoever reads it later would look everything up. */
function outcomeAt(
  userEndpointId: string,
  { outcome, reason }: (typeof SHOWN)[keyof typeof SHOWN],
): EndpointOutcome {
  return reason === undefined ? { userEndpointId, outcome } : { userEndpointId, outcome, reason }
}

function wasSent({ outcome }: { readonly outcome: Outcome }): boolean {
  return outcome === 'sent'
}

function sendNow(
  context: SendEventContext,
  { registration, link }: Sighting<'link'>,
  event: Accepted,
): keyof typeof SHOWN {
  if (link?.node !== undefined) {
    sendOnceElsewhere(context, registration, { linkId: link.linkId, node: link.node }, event)
    return 'sent'
  }
  const taken = context.links.find(registration)?.sendNow(event.bytes)
  if (taken === undefined) return 'not_connected'
  if (taken === 'too_large') return taken
  return taken ? 'sent' : 'dropped_congested'
}

function connected(links: Links, reached: readonly Reached[]): number {
  const isConnected = ({ registration, link, isElsewhere }: Reached) =>
    link !== undefined || isElsewhere === true || links.find(registration) !== undefined
  return reached.filter(isConnected).length
}

type Reached = {
  readonly registration: RegistrationKey
  readonly link?: Sighting<'link'>['link']
  readonly isElsewhere?: true
}

/**
 * Not `async` either: of these thousands wait at a time.
 *
 * @param waiter told of what becomes of it
 */
function sendAtLeastOnce(
  context: SendEventContext,
  tally: Tally,
  event: Accepted,
  claim: Claim | undefined,
  waiter: Waiter | undefined,
): Promise<SendResult> {
  const admit = admission(context, tally, event)
  // One atomic write: nothing is answered before it is durable.
  return context.store.mailboxes
    .append(appendRequest(context, event, claim, admit, waiter !== undefined))
    .then(
      (outcome) => {
        const count = outcome.repeated?.count ?? handOver(context, tally, event, outcome, waiter)
        tally.event(1)
        return { count, eventId: event.eventId }
      },
      (error: unknown) => {
        throw withEventId(error, event.eventId)
      },
    )
}

/** What became durable goes to the links. Returns how many endpoints took it. */
function handOver(
  context: SendEventContext,
  tally: Tally,
  event: Accepted,
  outcome: AppendOutcome,
  waiter: Waiter | undefined,
): number {
  const { links } = context
  const { accepted, full, replaced = [] } = outcome
  tell(context, replaced, 'superseded')
  tally.outcome(1, 'mailbox_full', full.length)
  if (accepted.length === 0 && full.length > 0)
    throw new RollcallError('mailbox_full', undefined, { retryAfterSeconds: 1 })
  // Before it is sent, or a receipt could come first.
  if (waiter !== undefined) expectReceipts(context, event, outcome, waiter)
  const { eventId, bytes, acceptedAtMs } = event
  const pushed = { eventId, bytes, acceptedAtMs, mustBeClaimed: mustBeClaimed(event) }
  const note = (isSent: boolean) => tally.outcome(1, isSent ? 'sent' : 'queued')
  for (const entry of accepted) {
    // The store's word tells whoever has it elsewhere; a link here that was taken over sends it no more.
    const outbox = entry.isElsewhere ? undefined : links.find(entry.registration)
    const isAsleep = outbox === undefined && entry.isElsewhere !== true
    if (isAsleep && entry.canBeWoken) context.onAsleep?.(entry.registration, event, entry.sequence)
    const isSent = outbox?.push(entry, pushed) ?? false
    if (typeof isSent === 'boolean') note(isSent)
    else void isSent.then(note)
  }
  return accepted.length
}

/** Whether there is room for the event: in the mailboxes of its organization, and in what its sender may have written. */
function admission({ quotas, shares, store }: SendEventContext, tally: Tally, event: Accepted): AdmitWrite {
  return ({ bytes, endpoints, waitingBytes }) => {
    try {
      if (endpoints > 0) assertMailboxShare(store.gauges, shares, event.to.organizationId, bytes)
    } catch (error) {
      tally.outcome(1, 'mailbox_full', endpoints)
      throw error
    }
    return waitingBytes <= ANYBODYS_BYTES ? undefined : takeWrite(quotas.ledger, event, bytes)
  }
}

/**
 * A write that fails once it was begun is tried again, and then the event is delivered although its sender was refused:
 * the refusal says of which event that is so.
 */
function withEventId(error: unknown, eventId: string): unknown {
  if (!(error instanceof RollcallError) || !error.isUndecided) return error
  const { code, retryAfterSeconds } = error
  return new RollcallError(code, 'The event could not be written yet. It may be delivered all the same.', {
    isUndecided: true,
    eventId,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    cause: error,
  })
}

function awaited({ to, eventId, sentBy, senderOrganizationId }: Accepted): ExpectedEvent {
  return { to, eventId, sentBy, senderId: senderScope(sentBy, senderOrganizationId) }
}

/** What came to its end while the event became durable is not waited for. */
function expectReceipts(
  { links, receipts }: SendEventContext,
  event: Accepted,
  { accepted, gone = [] }: AppendOutcome,
  waiter: Waiter,
): void {
  receipts.expect(waiter, awaited(event), accepted, connected(links, accepted))
  for (const position of gone) receipts.entryEnded(position, false)
}

function mustBeClaimed({ expiresAtWallMs, collapseKey, cancelOthers, waitsForAnswer }: Accepted): boolean {
  if (expiresAtWallMs !== undefined || collapseKey !== undefined) return true
  return cancelOthers !== undefined || waitsForAnswer
}
