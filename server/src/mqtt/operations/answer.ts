import { ERRORS, RollcallError } from '@rollcall/protocol/error-code'
import { parseAnswer } from '../../delivery/delivery.ts'
import type { EndpointKey } from '../../store/store.ts'
import { puback } from '../packets/answers.ts'
import type { Publication } from '../packets/publication.ts'
import { mayActFor } from '../session/authorization.ts'
import type { MqttClient } from '../session/client.ts'
import type { Connection } from '../session/connection.ts'
import { closeReason, refusal } from './ingress-answer.ts'

/**
 * An event is answered by one of the client's own endpoints. MQTT 5 is told at QoS 1 whether it was the first. MQTT
 * 3.1.1 cannot say no: there PUBACK only says that the answer was judged, and a loser hears the cancelling event.
 */
export async function answerEvent(
  connection: Connection,
  client: MqttClient,
  packet: Publication,
  endpoint: EndpointKey | undefined,
): Promise<void> {
  const { delivery } = connection.context
  try {
    if (endpoint === undefined) throw new RollcallError('not_found')
    if (!(await mayActFor(connection, client, endpoint))) throw new RollcallError('unauthorized')
    const { userEndpointId } = endpoint
    await delivery.answer(endpoint, parseAnswer(packet.payload, { userEndpointId }))
  } catch (error) {
    if (!(error instanceof RollcallError)) throw error
    return refuse(connection, client, packet, error)
  }
  if (packet.qos === 1) connection.write(puback(packet.packetId, 0))
}

function refuse(
  connection: Connection,
  client: MqttClient,
  { qos, packetId }: Publication,
  error: RollcallError,
): void {
  connection.context.metrics.refused('mqtt', error.code)
  if (client.version === 5 && qos === 1) connection.write(refusal(client, packetId, error))
  else if (!isPassedOver(error, qos)) connection.close(closeReason(error.code))
  else if (qos === 1) connection.write(puback(packetId, 0))
}

/**
 * What came too late is nothing to correct, and at QoS 0 nothing is promised. What could not be done now is not
 * acknowledged, so that it comes again.
 */
function isPassedOver({ code }: RollcallError, qos: number): boolean {
  return code === 'answered_elsewhere' || code === 'not_found' || (qos === 0 && ERRORS[code].retryable)
}
