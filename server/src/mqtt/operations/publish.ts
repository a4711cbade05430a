import { ERRORS, RollcallError } from '@rollcall/protocol/error-code'
import { parseTopic, type Topic } from '@rollcall/protocol/topic'
import { mayPublishEvents } from '../../auth/auth.ts'
import type { EndpointKey } from '../../store/store.ts'
import { puback } from '../packets/answers.ts'
import type { Publication } from '../packets/publication.ts'
import type { CloseReason } from '../reasons.ts'
import { mayActFor } from '../session/authorization.ts'
import { endpointOf, type MqttClient } from '../session/client.ts'
import { whileAway } from '../session/while-away.ts'
import { answerEvent } from './answer.ts'
import { ingressOf, type PublishingConnection } from './ingress.ts'

/** PUBACK reason code where the server failed (MQTT 5.0 §3.4.2.1). */
const UNSPECIFIED_ERROR = 0x80

/**
 * PUBLISH, which backends may do to the events topic. Others may not, with two exceptions: anything published to
 * `users/endpoints/{userEndpointId}/keepalive` keeps that endpoint alive, and to `…/answers` an event is answered.
 *
 * A refused PUBLISH of QoS 1 is answered in MQTT 5. Wherever there is no answer that says no (QoS 0, and all
 * of MQTT 3.1.1, whose PUBACK only ever means yes), the connection is closed.
 */
export function publish(
  connection: PublishingConnection,
  client: MqttClient,
  packet: Publication,
): Promise<void> | undefined {
  const unsupported = unsupportedFeature(client, packet)
  if (unsupported !== undefined) connection.close(unsupported)
  else if (!connection.context.auth.isStillGood(client.token)) connection.close('authorization_lost')
  else {
    const topic = parseTopic(packet.topic)
    if (topic?.kind === 'events' && mayPublishEvents(client.principal))
      return ingressOf(connection).publish(client, packet)
    return publishOther(connection, client, packet, topic)
  }
  return undefined
}

/** What CONNACK said there is not. MQTT 3.1.1 has no such word, and a retain flag does no harm. */
function unsupportedFeature(
  { version }: MqttClient,
  { qos, isRetained }: Publication,
): CloseReason | undefined {
  if (qos === 2) return 'qos_not_supported'
  return version === 5 && isRetained ? 'retain_not_supported' : undefined
}

async function publishOther(
  connection: PublishingConnection,
  client: MqttClient,
  packet: Publication,
  topic: Topic | undefined,
): Promise<void> {
  // PUBACKs come in the order of their PUBLISH packets [MQTT-4.6.0-2].
  await connection.ingress?.idle()
  if (!connection.isOpen) return
  if (topic?.kind === 'keepalive')
    await keepAlive(connection, client, packet, endpointOf(client, topic.userEndpointId))
  else if (topic?.kind === 'answers')
    await answerEvent(connection, client, packet, endpointOf(client, topic.userEndpointId))
  else refuse(connection, client, packet, { code: 'publish', reasonCode: 0x87, closing: 'publish_refused' })
}

async function keepAlive(
  connection: PublishingConnection,
  client: MqttClient,
  packet: Publication,
  endpoint: EndpointKey | undefined,
): Promise<void> {
  const { registrar, clock } = connection.context
  const act = async (): Promise<void> => {
    if (endpoint === undefined || !(await mayActFor(connection, client, endpoint)))
      throw new RollcallError('endpoint_unknown')
    await registrar.keepalive(endpoint, undefined)
  }
  try {
    if (canRefuse(client, packet)) await act()
    else await whileAway(clock, () => connection.isOpen, act)
  } catch (error) {
    return refuse(connection, client, packet, refusalOf(error))
  }
  // Not before it took effect.
  if (packet.qos === 1) connection.write(puback(packet.packetId, 0))
}

/** MQTT 5 has an answer to a PUBLISH of QoS 1 that says no. */
function canRefuse({ version }: MqttClient, { qos }: Publication): boolean {
  return version === 5 && qos === 1
}

type Refusal = { readonly code: string; readonly reasonCode: number; readonly closing: CloseReason }

function refusalOf(error: unknown): Refusal {
  if (!(error instanceof RollcallError)) throw error
  return error.code === 'endpoint_unknown'
    ? { code: error.code, reasonCode: ERRORS[error.code].reason, closing: 'topic_invalid' }
    : { code: error.code, reasonCode: UNSPECIFIED_ERROR, closing: 'internal_error' }
}

function refuse(
  connection: PublishingConnection,
  client: MqttClient,
  packet: Publication,
  refusal: Refusal,
): void {
  connection.context.metrics.refused('mqtt', refusal.code)
  if (canRefuse(client, packet)) connection.write(puback(packet.packetId, refusal.reasonCode))
  else connection.close(refusal.closing)
}
