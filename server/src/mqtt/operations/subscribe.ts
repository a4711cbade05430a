import { SUBSCRIPTIONS_MAX } from '@rollcall/protocol/limits'
import { parseTopic } from '@rollcall/protocol/topic'
import type { ISubscribePacket, IUnsubscribePacket } from 'mqtt-packet'
import { mayPublishEvents } from '../../auth/auth.ts'
import { RateLimited } from '../../limits/limits.ts'
import { asError } from '../../observe/observe.ts'
import type { Sighting } from '../../store/store.ts'
import { suback, unsuback } from '../packets/answers.ts'
import { isAuthorized } from '../session/authorization.ts'
import { endpointOf, type MqttClient } from '../session/client.ts'
import type { EndpointLink } from '../session/endpoint-link.ts'
import {
  grant,
  mustNotTakeOver,
  NOT_AUTHORIZED,
  QUOTA_EXCEEDED,
  refuse,
  type SubscribingConnection,
  subscriptionsOf,
  UNSPECIFIED_ERROR,
} from './grant.ts'
import { ingressOf } from './ingress.ts'

const SUCCESS = 0x00
const NO_SUBSCRIPTION_EXISTED = 0x11

/** What was found about one filter: the registration it names, a response topic, or the reason code that refuses it. */
type Found = Sighting<'link'> | 'responses' | number

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
  if (found.some((what) => typeof what === 'object' && mustNotTakeOver(connection, what))) {
    connection.context.metrics.refused('mqtt', 'take_over_refused')
    return connection.close('take_over_refused')
  }
  const attached: EndpointLink[] = []
  const codes = await Promise.all(
    packet.subscriptions.map((subscription, index) => {
      const what = found[index] ?? UNSPECIFIED_ERROR
      if (typeof what === 'number') return refuse(connection, client, what)
      if (what === 'responses') return grantResponses(connection, client, subscription.topic)
      return grant(connection, client, subscription, what, attached)
    }),
  )
  if (!connection.isOpen) return
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
    const [sighting] = await registrar.look([endpoint], { link: true })
    const renewedUntilWallMs = sighting?.registration.authorizedUntilWallMs ?? 0
    if (sighting === undefined || !isAuthorized(client, renewedUntilWallMs, clock.wallMs()))
      return NOT_AUTHORIZED
    return sighting
  } catch (error) {
    log.error('mqtt: a registration could not be read', { err: asError(error) })
    return UNSPECIFIED_ERROR
  }
}

/** Results of published events come at QoS 0: one that is lost can be had again with an idempotency key. */
function grantResponses(connection: SubscribingConnection, client: MqttClient, topic: string): number {
  const { responseTopics } = ingressOf(connection)
  if (!responseTopics.has(topic) && subscriptionsOf(connection) >= SUBSCRIPTIONS_MAX)
    return refuse(connection, client, QUOTA_EXCEEDED)
  responseTopics.add(topic)
  return 0
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
