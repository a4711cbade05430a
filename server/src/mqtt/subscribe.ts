import { SUBSCRIPTIONS_MAX } from '@rollcall/protocol/limits'
import { parseTopic } from '@rollcall/protocol/topic'
import type { ISubscribePacket, ISubscription, IUnsubscribePacket } from 'mqtt-packet'
import { mayPublishEvents } from '../auth/auth.ts'
import { RateLimited } from '../limits/limits.ts'
import type { Registration } from '../store/store.ts'
import { asError } from './as-error.ts'
import { isAuthorized } from './authorization.ts'
import { type Client, endpointOf } from './client.ts'
import { EndpointLink } from './endpoint-link.ts'
import { ingressOf } from './ingress.ts'
import { suback, unsuback } from './packets/answers.ts'
import type { Session } from './session.ts'

/** Reason codes of MQTT 5 (§3.9.3, §3.11.3); MQTT 3.1.1 knows one failure, 0x80. */
const UNSPECIFIED_ERROR = 0x80
const NOT_AUTHORIZED = 0x87
const QUOTA_EXCEEDED = 0x97
const SUCCESS = 0x00
const NO_SUBSCRIPTION_EXISTED = 0x11

/** What was found about one filter: the registration it names, a response topic, or the reason code that refuses it. */
type Found = Registration | 'responses' | number

/**
 * SUBSCRIBE. Everything but the client's own registered endpoints is refused with the same code, wildcards,
 * `$share` and endpoints of others included, so that nobody learns which exist.
 */
export async function subscribe(session: Session, client: Client, packet: ISubscribePacket): Promise<void> {
  const { auth } = session.context
  if (!auth.isStillGood(client.token)) return session.close('authorization_lost')
  if (!pays(session, client, packet.subscriptions.length)) return
  const found = await Promise.all(packet.subscriptions.map(({ topic }) => find(session, client, topic)))
  if (!session.isOpen) return
  if (found.some((what) => mustNotTakeOver(session, what))) {
    session.context.metrics.refused('mqtt', 'take_over_refused')
    return session.close('take_over_refused')
  }
  const attached: EndpointLink[] = []
  const codes = packet.subscriptions.map((subscription, index) => {
    const what = found[index] ?? UNSPECIFIED_ERROR
    if (typeof what === 'number') return refuse(session, client, what)
    if (what === 'responses') return grantResponses(session, client, subscription.topic)
    return grant(session, client, subscription, what, attached)
  })
  session.write(suback(client.version, packet.messageId ?? 0, codes))
  // Only now, or an event could precede the SUBACK.
  for (const link of attached) link.start()
  session.reschedule()
}

/** What a filter costs, whether it is granted or not, milliseconds of processor time. */
const FILTER_COST_MS = 0.03

/** Closes the connection of a user who has not paid off what it had before; SUBACK could not say when to come back. */
function pays(session: Session, { principal }: Client, filters: number): boolean {
  const { work, metrics } = session.context
  try {
    work.admit(principal)
  } catch (error) {
    if (!(error instanceof RateLimited)) throw error
    metrics.refused('mqtt', 'quota_exceeded')
    session.close('quota_exceeded')
    return false
  }
  work.spend(principal, filters * FILTER_COST_MS)
  return true
}

async function find(session: Session, client: Client, filter: string): Promise<Found> {
  const { registrar, clock, log } = session.context
  const topic = parseTopic(filter)
  if (topic?.kind === 'responses') return mayPublishEvents(client.principal) ? 'responses' : NOT_AUTHORIZED
  const isOwn =
    topic?.kind === 'endpoint' && (topic.userId ?? client.principal.userId) === client.principal.userId
  const endpoint = isOwn ? endpointOf(client, topic.userEndpointId) : undefined
  if (endpoint === undefined) return NOT_AUTHORIZED
  try {
    const registration = await registrar.find(endpoint)
    const isUsable =
      registration !== undefined && isAuthorized(client, registration.authorizedUntilWallMs, clock.wallMs())
    return isUsable ? registration : NOT_AUTHORIZED
  } catch (error) {
    log.error('mqtt: a registration could not be read', { err: asError(error) })
    return UNSPECIFIED_ERROR
  }
}

function refuse(session: Session, client: Client, reasonCode: number): number {
  session.context.metrics.refused('mqtt', reasonCode === QUOTA_EXCEEDED ? 'quota_exceeded' : 'subscription')
  return client.version === 5 ? reasonCode : UNSPECIFIED_ERROR
}

/** Subscribes and returns the QoS granted: that asked for, at most 1. */
function grant(
  session: Session,
  client: Client,
  { topic, qos: wanted }: ISubscription,
  registration: Registration,
  attached: EndpointLink[],
): number {
  const qos = wanted === 0 ? 0 : 1
  const link = linkTo(session, registration)
  if (link !== undefined) {
    link.subscribe(topic, qos)
    return qos
  }
  if (subscriptionsOf(session) >= SUBSCRIPTIONS_MAX) return refuse(session, client, QUOTA_EXCEEDED)
  const made = new EndpointLink(session, registration, client.version === 5)
  made.subscribe(topic, qos)
  if (isElsewhere(session, registration))
    session.context.takeOvers.note('endpoint', nameOf(registration), registration)
  session.addLink(made)
  made.attach()
  attached.push(made)
  return qos
}

/** Whether another connection has the endpoint's link. */
function isElsewhere(session: Session, registration: Registration): boolean {
  return (
    !session.links.some((link) => link.registration.registrationId === registration.registrationId) &&
    session.context.delivery.isConnected(registration)
  )
}

/** Closed instead of told by SUBACK: a device without its subscription would wait for events that do not come. */
function mustNotTakeOver(session: Session, found: Found): boolean {
  if (typeof found !== 'object' || !session.context.takeOvers.isHeld('endpoint', nameOf(found))) return false
  return isElsewhere(session, found)
}

/** Ids contain no slash. */
function nameOf({ organizationId, userId, userEndpointId }: Registration): string {
  return `${organizationId}/${userId}/${userEndpointId}`
}

/** Results of published events come at QoS 0: one that is lost can be had again with an idempotency key. */
function grantResponses(session: Session, client: Client, topic: string): number {
  const { responseTopics } = ingressOf(session)
  if (!responseTopics.has(topic) && subscriptionsOf(session) >= SUBSCRIPTIONS_MAX)
    return refuse(session, client, QUOTA_EXCEEDED)
  responseTopics.add(topic)
  return 0
}

function subscriptionsOf({ links, ingress }: Session): number {
  return links.length + (ingress?.responseTopics.size ?? 0)
}

/** This connection's link to the registration; one to a former registration of the same endpoint goes. */
function linkTo(session: Session, registration: Registration): EndpointLink | undefined {
  const { userEndpointId, registrationId } = registration
  const link = session.links.find((candidate) => candidate.registration.userEndpointId === userEndpointId)
  if (link === undefined || link.registration.registrationId === registrationId) return link
  session.removeLink(link, 'endpoint_expired')
  return undefined
}

/** UNSUBSCRIBE. The mailbox is untouched; the other topic form, if subscribed, stays. */
export function unsubscribe(session: Session, client: Client, packet: IUnsubscribePacket): void {
  if (!pays(session, client, packet.unsubscriptions.length)) return
  const codes = packet.unsubscriptions.map((topic) => {
    if (session.ingress?.responseTopics.delete(topic)) return SUCCESS
    const link = session.links.find((candidate) => candidate.has(topic))
    if (link === undefined) return NO_SUBSCRIPTION_EXISTED
    if (!link.unsubscribe(topic)) session.removeLink(link, 'unsubscribed')
    return SUCCESS
  })
  session.write(unsuback(client.version, packet.messageId ?? 0, codes))
  session.reschedule()
}
