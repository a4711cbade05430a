import type { DisconnectReason } from '@rollcall/protocol/lifecycle'
import type { Principal } from '../auth/auth.ts'
import type { Clock } from '../clock/clock.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Limits } from '../limits/limits.ts'
import type { MaskLength, Sealer } from '../masks/masks.ts'
import type { Log, Metrics, Statistics } from '../observe/observe.ts'
import type {
  EntryPosition,
  MailboxEntry,
  Registration,
  RegistrationKey,
  Sighting,
  Store,
  UserKey,
} from '../store/store.ts'
import type { OrganizationOf } from './accept.ts'
import { type AnswerCommand, answerEvent } from './answer.ts'
import type { BulkItem } from './command/bulk.ts'
import type { SendEventCommand } from './command/command.ts'
import { Endings, type EndingsContext, tell } from './endings.ts'
import { Idempotency } from './idempotency.ts'
import { closeInTurns } from './links/close-in-turns.ts'
import type { Attachment, Link } from './links/link.ts'
import { Links } from './links/links.ts'
import { Outbox, type OutboxContext } from './links/outbox.ts'
import { reminderBytes } from './links/reminder.ts'
import type { MailboxShareSettings } from './mailbox-share.ts'
import { acknowledgeElsewhere, acknowledgeForOthers, acknowledgeHere } from './nodes/acknowledge.ts'
import { Arrivals, type ArrivalsContext } from './nodes/arrivals.ts'
import { Resync } from './nodes/resync.ts'
import { type MasksPreviewCommand, previewMasks } from './preview-masks.ts'
import { Receipts } from './receipts.ts'
import { sealContext } from './scopes.ts'
import { type OnAsleep, type SendResult, sendEvent, sendEventAndWait } from './send-event.ts'
import { type SendEventsContext, sendEvents } from './send-events.ts'
import type { ReceiptWait } from './waiter.ts'

export type { LinkPeer } from '../store/store.ts'
export { type AnswerCommand, parseAnswer } from './answer.ts'
export { type BulkItem, readSendEventArray, readSendEventLines } from './command/bulk.ts'
export { parseSendEvent, type SendEventCommand } from './command/command.ts'
export type { Attachment, Link, LinkCloseReason, OutboundEvent, Taken } from './links/link.ts'
export { TakeOvers } from './links/take-overs.ts'
export { carryTidings } from './nodes/messages.ts'
export { parseMasksPreview } from './preview-masks.ts'
export type { OnAsleep, SendResult } from './send-event.ts'
export type { ReceiptWait } from './waiter.ts'

/** Time after which an outbox that could not ask the store tries again. */
const ASK_RETRY_MS = 1000

export type Census = {
  /** Endpoints that have a link. */
  readonly connected: number
  /** QoS 1 events that wait to be acknowledged, counted for each endpoint. */
  readonly mailboxEvents: number
  /** What those take on disk, about. */
  readonly mailboxBytes: number
}

/** Sends events to endpoints, now over their link or later from their mailbox. */
export interface Delivery {
  /**
   * Sends one event. QoS 1 resolves only once the event is durable for every endpoint counted.
   *
   * @param idempotencyKey 1 to 128 characters; see semantics in PROTOCOL.md. Absent: the command's own
   * @throws RollcallError `organization_required`, `organization_unknown`, `rate_limited`, `forbidden`, `invalid_mask`, `invalid_request`,
   *   `mailbox_full`, `unavailable`
   */
  sendEvent(principal: Principal, command: SendEventCommand, idempotencyKey?: string): Promise<SendResult>
  /**
   * Sends a group of events of a bulk request, each for itself, QoS 1 in one commit. The answers are in their
   * order: results, or what `sendEvent` would reject with. It rests where it takes long.
   */
  sendEvents(principal: Principal, group: BulkItem[]): Promise<readonly PromiseSettledResult<SendResult>[]>
  /**
   * The same as `sendEvent`, and resolves only once every endpoint counted has acknowledged or can no longer, or,
   * where the command says so, once one has answered or none can; the time is over; no counted endpoint has a link,
   * nor gets one within the command's grace; or the sender is gone. At QoS 0, and for a repeated key, at once.
   *
   * @throws RollcallError as `sendEvent`; `unavailable` where too many wait: nothing was sent
   */
  sendEventAndWait(
    principal: Principal,
    command: SendEventCommand,
    idempotencyKey: string | undefined,
    wait: ReceiptWait,
  ): Promise<SendResult>
  /**
   * An endpoint of the user's answers an event that it was sent. Resolves once that is durable, also where the same
   * endpoint had answered it before.
   *
   * @throws RollcallError `answered_elsewhere` with the field `answeredBy`; `not_found` where the event was not sent
   *   to that endpoint of that user, or its lifetime is over; `unavailable`
   */
  answer(user: UserKey, command: AnswerCommand): Promise<void>
  /**
   * The event as sendEvent would store it. Nothing is sent or stored; it counts as one event sent.
   *
   * @throws RollcallError `rate_limited`, `invalid_mask`
   */
  previewMasks(principal: Principal, command: MasksPreviewCommand): Buffer
  /**
   * Makes `link` the endpoint's link; an older one is closed `taken_over`, unless it is of the same
   * connection, which must detach it first. Call only with a registration that is live now.
   */
  attach(registration: Registration, link: Link): Attachment
  /**
   * The device says over another way than its link that it has taken events over, by what that link calls them. The link may
   * be at another process.
   *
   * @returns how many of them were in flight over the link that the endpoint has now
   * @throws RollcallError `unavailable` where the process of the link does not say
   */
  acknowledge(endpoint: Sighting<'link'>, ids: readonly string[]): Promise<number>
  /** What there is now, of one organization or in all; of links, those of this process. */
  census(organizationId: string | undefined): Promise<Census>
  /** Endpoints that have a link at this process, of one organization or in all. */
  connected(organizationId: string | undefined): number
  /** Sends the keepalive reminder over the link, if there is one. QoS 0. */
  remind(registration: Registration): void
  /** The endpoint was registered anew: a link left over from its former registration is closed. */
  endpointRegistered(registration: Registration): void
  /** The registration has ended: its link is closed. */
  endpointGone(registration: Registration, how: 'expired' | 'unregistered'): void
  /** The store has lost what these users had: their links are closed some at a time, so that their devices register again. */
  dataLost(isConcerned: (user: UserKey) => boolean): void
  /**
   * This process has not reached what these users have in the store for so long that another may: their links are closed over
   * `overMs`, those of whom that is over by then excepted.
   */
  outOfReach(isConcerned: (user: UserKey) => boolean, overMs: number): void
  /** The store has ended entries whose lifetime was over. */
  entriesLapsed(positions: readonly EntryPosition[]): void
  /** Whoever waits for receipts, now or later, is answered with what is known. Idempotent. */
  drain(): void
  /** Looks for nothing any more of what other processes did. Idempotent. */
  close(): void
}

export type DeliveryOptions = {
  readonly store: Pick<
    Store,
    | 'registrations'
    | 'links'
    | 'neighbours'
    | 'mailboxes'
    | 'calls'
    | 'history'
    | 'replies'
    | 'serviceTime'
    | 'hold'
    | 'totals'
    | 'gauges'
  >
  /** The processes of the service. Absent: this one is all there is. */
  readonly cluster?: Cluster
  readonly sealer: Sealer
  /** Default `kept`. */
  readonly maskLength?: MaskLength
  readonly clock: Clock
  /** Makes UUIDv7s. */
  readonly newId: () => string
  readonly metrics: Pick<Metrics, 'reminderSent' | 'masksTook'>
  readonly statistics: Pick<Statistics, 'of'>
  readonly log: Pick<Log, 'error'>
  readonly limits: MailboxShareSettings & {
    readonly mailboxEventsMax: number
    readonly mailboxBytesMax: number
  }
  /** Whose rules for sending hold. */
  readonly organizationOf: OrganizationOf
  /** Whether there is an organization of this id. Default: each is one. */
  readonly mayBeOrganization?: (organizationId: string) => boolean
  /** An event waits for an endpoint that can be woken and has no link here. Default: nobody is told. */
  readonly onAsleep?: OnAsleep
  /** An endpoint has a link. Default: nobody is told. */
  readonly onAttached?: (registration: Registration) => void
  /** An endpoint that can be woken has lost its link: what it was sent may never have come. Default: nobody is told. */
  readonly onLeft?: (registration: Registration) => void
  /** How many events callers may send, and how many bytes of them may wait to be written. */
  readonly quotas: Pick<Limits, 'sendEvents' | 'work' | 'turns' | 'ledger' | 'shedding'>
}

export function createDelivery(options: DeliveryOptions): Delivery {
  const links = new Links()
  const idempotency = new Idempotency(options.clock, options.newId, options.store.replies)
  const { mailboxEventsMax: eventsMax, mailboxBytesMax: bytesMax } = options.limits
  const receipts = new Receipts(options.clock, options.quotas.ledger.waiters)
  const endings: EndingsContext = { ...options, links, receipts, bounds: { eventsMax, bytesMax } }
  const maskLength = options.maskLength ?? 'kept'
  const sending: SendEventsContext = {
    ...endings,
    ...options,
    maskLength,
    mayBeOrganization: options.mayBeOrganization ?? (() => true),
    idempotency,
    shares: options.limits,
    others: options.cluster?.nodes.isAlone === false ? options.cluster : undefined,
  }
  const answering = { ...endings, store: options.store, metrics: options.metrics, maskLength }
  const ending = new Endings(endings)
  const context = outboxContext(options, endings, ending)
  const stop = joinOthers(options, endings)
  let linkId = 0
  return {
    sendEvent: (principal, command, idempotencyKey) => sendEvent(sending, principal, command, idempotencyKey),
    sendEvents: (principal, group) => sendEvents(sending, principal, group),
    sendEventAndWait: (principal, command, idempotencyKey, wait) =>
      sendEventAndWait(sending, principal, command, idempotencyKey, wait),
    answer: (user, command) => answerEvent(answering, user, command),
    previewMasks: (principal, command) => previewMasks(sending, principal, command),
    attach(registration, link) {
      const older = links.findByEndpoint(registration)
      older?.detach('taken_over')
      const outbox = new Outbox(++linkId, registration, link, context)
      links.add(outbox)
      // It is in place before the older one is closed, so that no event falls between them.
      older?.link.close('taken_over')
      receipts.connected(registration.registrationId)
      options.onAttached?.(registration)
      return outbox
    },
    async acknowledge(sighting, ids) {
      const here = acknowledgeHere(links, sighting.registration, ids)
      if (here !== undefined || sending.others === undefined) return here ?? 0
      return acknowledgeElsewhere(sending.others, sighting, ids)
    },
    async census(organizationId) {
      const { mailboxEvents } = await options.store.totals(organizationId)
      const mailboxBytes = options.store.gauges.mailboxDiskBytes(organizationId)
      return { connected: links.count(organizationId), mailboxEvents, mailboxBytes }
    },
    connected: (organizationId) => links.count(organizationId),
    remind: (registration) => remind(options, links, registration),
    endpointRegistered(registration) {
      const outbox = links.findByEndpoint(registration)
      if (outbox?.registration.registrationId !== registration.registrationId)
        outbox?.link.close('endpoint_expired')
    },
    endpointGone(registration, how) {
      receipts.registrationEnded(registration.registrationId)
      links.find(registration)?.link.close(how === 'expired' ? 'endpoint_expired' : 'endpoint_unregistered')
    },
    dataLost: (isConcerned) =>
      closeInTurns(
        links.all().filter(({ registration }) => isConcerned(registration)),
        'endpoint_expired',
        options.clock,
      ),
    outOfReach(isConcerned, overMs) {
      const isStill = ({ registration }: Outbox) => isConcerned(registration)
      closeInTurns(links.all().filter(isStill), 'draining', options.clock, { overMs, isStill })
    },
    entriesLapsed: (positions) => tell(endings, positions, 'expired'),
    drain: () => receipts.endAll(),
    close() {
      ending.close()
      stop()
    },
  }
}

/** Hears what other processes of the service do to links and entries here. Returns what ends it. */
function joinOthers(
  { store, cluster, clock, newId, metrics, log, sealer }: DeliveryOptions,
  { links, receipts }: EndingsContext,
): () => void {
  const { neighbours } = store
  if (cluster === undefined || cluster.nodes.isAlone || neighbours === undefined) return () => undefined
  const open: ArrivalsContext['open'] = (registration, entry) => openEntry(sealer, log, registration, entry)
  acknowledgeForOthers(cluster, links)
  new Arrivals({ cluster, links, receipts, clock, newId, metrics, log, open }).start()
  const resync = new Resync({ neighbours, linkStore: store.links, cluster, links, clock })
  return () => resync.close()
}

function remind({ clock, newId, metrics }: DeliveryOptions, links: Links, registration: Registration): void {
  const taken = links.find(registration)?.sendNow(reminderBytes(registration, clock.wallMs(), newId()))
  if (taken === true) metrics.reminderSent()
}

/** Ends of a link after which there is another one, nothing to come back for, or nobody to wake the device. */
const STAYS_ASLEEP: ReadonlySet<DisconnectReason> = new Set([
  'taken_over',
  'endpoint_expired',
  'endpoint_unregistered',
  'server_draining',
])

function outboxContext(
  { store, sealer, clock, log, onLeft }: DeliveryOptions,
  context: EndingsContext,
  endings: Endings,
): OutboxContext {
  return {
    mailboxes: store.mailboxes,
    links: store.links,
    open: (registration, entry) => openEntry(sealer, log, registration, entry),
    onSent: (entry) => store.history.note(entry, 'sent'),
    onEnding: (entry, how, reason) => endings.end(entry, how, reason),
    onLapsed: (entry) => tell(context, [entry], 'expired'),
    onFailed(outbox, error) {
      log.error('mailbox could not be read', { err: error instanceof Error ? error : undefined })
      clock.after(ASK_RETRY_MS, () => outbox.resume())
    },
    onDetached(outbox) {
      endings.flush()
      context.links.remove(outbox)
    },
    onLeft(registration, reason) {
      if (registration.wakeUp === undefined || STAYS_ASLEEP.has(reason)) return
      if (context.links.find(registration) === undefined) onLeft?.(registration)
    },
  }
}

function openEntry(
  sealer: Sealer,
  log: Pick<Log, 'error'>,
  registration: RegistrationKey,
  entry: Pick<MailboxEntry, 'payload' | 'sealed' | 'eventId'>,
): Uint8Array | undefined {
  if (!entry.sealed) return entry.payload
  const clear = sealer.open(Buffer.from(entry.payload), sealContext(registration, entry.eventId))
  if (clear === undefined)
    log.error('a sealed event could not be opened and was discarded', { eventId: entry.eventId })
  return clear
}
