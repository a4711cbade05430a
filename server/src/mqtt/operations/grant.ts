import { RollcallError } from '@rollcall/protocol/error-code'
import type { DisconnectReason } from '@rollcall/protocol/lifecycle'
import { SUBSCRIPTIONS_MAX } from '@rollcall/protocol/limits'
import type { ISubscription } from 'mqtt-packet'
import { asError } from '../../observe/observe.ts'
import type { Registration, Sighting } from '../../store/store.ts'
import type { MqttClient } from '../session/client.ts'
import { EndpointLink, type SendingConnection } from '../session/endpoint-link.ts'
import type { PublishingConnection } from './ingress.ts'

/** Reason codes of MQTT 5 (§3.9.3); MQTT 3.1.1 knows one failure, 0x80. */
export const UNSPECIFIED_ERROR = 0x80
export const NOT_AUTHORIZED = 0x87
export const QUOTA_EXCEEDED = 0x97

/** A connection with the endpoints that it has subscribed to. */
export type SubscribingConnection = SendingConnection &
  PublishingConnection & {
    readonly links: readonly EndpointLink[]
    addLink(link: EndpointLink): void
    removeLink(link: EndpointLink, reason: DisconnectReason): void
  }

/** Subscribes and returns the QoS granted, that asked for, at most 1, once the endpoint's link is this one. */
export async function grant(
  connection: SubscribingConnection,
  client: MqttClient,
  { topic, qos: wanted }: ISubscription,
  sighting: Sighting<'link'>,
  attached: EndpointLink[],
): Promise<number> {
  const qos = wanted === 0 ? 0 : 1
  const own = linkTo(connection, sighting.registration)
  if (own === undefined && subscriptionsOf(connection) >= SUBSCRIPTIONS_MAX)
    return refuse(connection, client, QUOTA_EXCEEDED)
  const link = own ?? newLink(connection, client, sighting)
  link.subscribe(topic, qos)
  const refusal = await refusalOf(connection, link)
  if (refusal !== undefined) return refuse(connection, client, refusal)
  if (own === undefined) attached.push(link)
  return qos
}

function newLink(
  connection: SubscribingConnection,
  client: MqttClient,
  sighting: Sighting<'link'>,
): EndpointLink {
  const { registration } = sighting
  if (isElsewhere(connection, sighting))
    connection.context.takeOvers.note('endpoint', nameOf(registration), registration)
  const link = new EndpointLink(connection, registration, client.version === 5)
  connection.addLink(link)
  return link
}

/** Why the link cannot have its endpoint, if it cannot: then it is gone. */
async function refusalOf(connection: SubscribingConnection, link: EndpointLink): Promise<number | undefined> {
  let refusal = NOT_AUTHORIZED
  try {
    if (await link.attach()) return undefined
  } catch (error) {
    if (!(error instanceof RollcallError)) throw error
    connection.context.log.error('mqtt: a link could not be attached', { err: asError(error) })
    refusal = UNSPECIFIED_ERROR
  }
  connection.removeLink(link, 'connection_lost')
  return refusal
}

/** Whether another connection has the endpoint's link. */
function isElsewhere(connection: SubscribingConnection, { registration, link }: Sighting<'link'>): boolean {
  const { registrationId } = registration
  return (
    link !== undefined && !connection.links.some((own) => own.registration.registrationId === registrationId)
  )
}

export function refuse(connection: SubscribingConnection, client: MqttClient, reasonCode: number): number {
  connection.context.metrics.refused(
    'mqtt',
    reasonCode === QUOTA_EXCEEDED ? 'quota_exceeded' : 'subscription',
  )
  return client.version === 5 ? reasonCode : UNSPECIFIED_ERROR
}

/** Closed instead of told by SUBACK: a device without its subscription would wait for events that do not come. */
export function mustNotTakeOver(connection: SubscribingConnection, sighting: Sighting<'link'>): boolean {
  return (
    connection.context.takeOvers.isHeld('endpoint', nameOf(sighting.registration)) &&
    isElsewhere(connection, sighting)
  )
}

export function subscriptionsOf({ links, ingress }: SubscribingConnection): number {
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

/** Ids contain no slash. */
function nameOf({ organizationId, userId, userEndpointId }: Registration): string {
  return `${organizationId}/${userId}/${userEndpointId}`
}
