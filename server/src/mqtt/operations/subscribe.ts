import type { DisconnectReason } from '@rollcall/protocol/lifecycle'
import { SUBSCRIPTIONS_MAX } from '@rollcall/protocol/limits'
import { parseTopic } from '@rollcall/protocol/topic'
import type { ISubscribePacket, ISubscription, IUnsubscribePacket } from 'mqtt-packet'
import { mayPublishEvents } from '../../auth/auth.ts'
import { RateLimited } from '../../limits/limits.ts'
import { asError } from '../../observe/observe.ts'
import type { Registration } from '../../store/store.ts'
import { suback, unsuback } from '../packets/answers.ts'
import { isAuthorized } from '../session/authorization.ts'
import { endpointOf, type MqttClient } from '../session/client.ts'
import { EndpointLink, type SendingConnection } from '../session/endpoint-link.ts'
import { ingressOf, type PublishingConnection } from './ingress.ts'

/** Reason codes of MQTT 5 (§3.9.3, §3.11.3); MQTT 3.1.1 knows one failure, 0x80. */
const UNSPECIFIED_ERROR = 0x80
const NOT_AUTHORIZED = 0x87
const QUOTA_EXCEEDED = 0x97
const SUCCESS = 0x00
const NO_SUBSCRIPTION_EXISTED = 0x11

/** What was found about one filter: the registration it names, a response topic, or the reason code that refuses it. */
type Found = Registration | 'responses' | number

/** A connection with the endpoints that it has subscribed to. */
export type SubscribingConnection = SendingConnection &
  PublishingConnection & {
    readonly links: readonly EndpointLink[]
    addLink(link: EndpointLink): void
    removeLink(link: EndpointLink, reason: DisconnectReason): void
  }

/**
 * SUBSCRIBE. Everything but the client's own registered endpoints is refused with the same code, wildcards,
 * `$share` and endpoints of others included, so that nobody learns which exist.
 */
export async function subscribe(
  connection: SubscribingConnection,
  client: MqttClient,
  packet: ISubscribePacket,
): Promise<void> {
  const { auth } = connection.context
  if (!auth.isStillGood(client.token)) return connection.close('authorization_lost')
  if (!pays(connection, client, packet.subscriptions.length)) return
  const found = await Promise.all(packet.subscriptions.map(({ topic }) => find(connection, client, topic)))
  if (!connection.isOpen) return
  if (found.some((what) => mustNotTakeOver(connection, what))) {
    connection.context.metrics.refused('mqtt', 'take_over_refused')
    return connection.close('take_over_refused')
  }
  const attached: EndpointLink[] = []
  const codes = packet.subscriptions.map((subscription, index) => {
    const what = found[index] ?? UNSPECIFIED_ERROR
    if (typeof what === 'number') return refuse(connection, client, what)
    if (what === 'responses') return grantResponses(connection, client, subscription.topic)
    return grant(connection, client, subscription, what, attached)
  })
  connection.write(suback(client.version, packet.messageId ?? 0, codes))
  // Only now, or an event could precede the SUBACK.
  for (const link of attached) link.start()
  connection.reschedule()
}

/** What a filter costs, whether it is granted or not, milliseconds of processor time. */
const FILTER_COST_MS = 0.03

/** Closes the connection of a user who has not paid off what it had before; SUBACK could not say when to come back. */
function pays(connection: SubscribingConnection, { principal }: MqttClient, filters: number): boolean {
  const { work, metrics } = connection.context
  try {
    work.admit(principal)
  } catch (error) {
    if (!(error instanceof RateLimited)) throw error
    metrics.refused('mqtt', 'quota_exceeded')
    connection.close('quota_exceeded')
    return false
  }
  work.spend(principal, filters * FILTER_COST_MS)
  return true
}

async function find(connection: SubscribingConnection, client: MqttClient, filter: string): Promise<Found> {
  const { registrar, clock, log } = connection.context
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

function refuse(connection: SubscribingConnection, client: MqttClient, reasonCode: number): number {
  connection.context.metrics.refused(
    'mqtt',
    reasonCode === QUOTA_EXCEEDED ? 'quota_exceeded' : 'subscription',
  )
  return client.version === 5 ? reasonCode : UNSPECIFIED_ERROR
}

/** Subscribes and returns the QoS granted: that asked for, at most 1. */
function grant(
  connection: SubscribingConnection,
  client: MqttClient,
  { topic, qos: wanted }: ISubscription,
  registration: Registration,
  attached: EndpointLink[],
): number {
  const qos = wanted === 0 ? 0 : 1
  const link = linkTo(connection, registration)
  if (link !== undefined) {
    link.subscribe(topic, qos)
    return qos
  }
  if (subscriptionsOf(connection) >= SUBSCRIPTIONS_MAX) return refuse(connection, client, QUOTA_EXCEEDED)
  const made = new EndpointLink(connection, registration, client.version === 5)
  made.subscribe(topic, qos)
  if (isElsewhere(connection, registration))
    connection.context.takeOvers.note('endpoint', nameOf(registration), registration)
  connection.addLink(made)
  made.attach()
  attached.push(made)
  return qos
}

/** Whether another connection has the endpoint's link. */
function isElsewhere(connection: SubscribingConnection, registration: Registration): boolean {
  return (
    !connection.links.some((link) => link.registration.registrationId === registration.registrationId) &&
    connection.context.delivery.isConnected(registration)
  )
}

/** Closed instead of told by SUBACK: a device without its subscription would wait for events that do not come. */
function mustNotTakeOver(connection: SubscribingConnection, found: Found): boolean {
  if (typeof found !== 'object' || !connection.context.takeOvers.isHeld('endpoint', nameOf(found)))
    return false
  return isElsewhere(connection, found)
}

/** Ids contain no slash. */
function nameOf({ organizationId, userId, userEndpointId }: Registration): string {
  return `${organizationId}/${userId}/${userEndpointId}`
}

/** Results of published events come at QoS 0: one that is lost can be had again with an idempotency key. */
function grantResponses(connection: SubscribingConnection, client: MqttClient, topic: string): number {
  const { responseTopics } = ingressOf(connection)
  if (!responseTopics.has(topic) && subscriptionsOf(connection) >= SUBSCRIPTIONS_MAX)
    return refuse(connection, client, QUOTA_EXCEEDED)
  responseTopics.add(topic)
  return 0
}

function subscriptionsOf({ links, ingress }: SubscribingConnection): number {
  return links.length + (ingress?.responseTopics.size ?? 0)
}

/** This connection's link to the registration; one to a former registration of the same endpoint goes. */
function linkTo(connection: SubscribingConnection, registration: Registration): EndpointLink | undefined {
  const { userEndpointId, registrationId } = registration
  const link = connection.links.find((candidate) => candidate.registration.userEndpointId === userEndpointId)
  if (link === undefined || link.registration.registrationId === registrationId) return link
  connection.removeLink(link, 'endpoint_expired')
  return undefined
}

/** UNSUBSCRIBE. The mailbox is untouched; the other topic form, if subscribed, stays. */
export function unsubscribe(
  connection: SubscribingConnection,
  client: MqttClient,
  packet: IUnsubscribePacket,
): void {
  if (!pays(connection, client, packet.unsubscriptions.length)) return
  const codes = packet.unsubscriptions.map((topic) => {
    if (connection.ingress?.responseTopics.delete(topic)) return SUCCESS
    const link = connection.links.find((candidate) => candidate.has(topic))
    if (link === undefined) return NO_SUBSCRIPTION_EXISTED
    if (!link.unsubscribe(topic)) connection.removeLink(link, 'unsubscribed')
    return SUCCESS
  })
  connection.write(unsuback(client.version, packet.messageId ?? 0, codes))
  connection.reschedule()
}
