import { ERRORS, type ErrorCode, errorObject, RollcallError } from '@rollcall/protocol/error-code'
import type { SendResult } from '../../delivery/delivery.ts'
import { puback, response } from '../packets/answers.ts'
import type { Publication } from '../packets/publication.ts'
import type { CloseReason } from '../reasons.ts'
import type { MqttClient } from '../session/client.ts'

/** What came of a published event. */
export type PublishResult = SendResult | RollcallError

/** What is written then, and why the connection is closed after it, if it is. */
export type IngressAnswer = { readonly packets: readonly Buffer[]; readonly closing?: CloseReason }

const SUCCESS = 0x00
const NO_MATCHING_SUBSCRIBERS = 0x10
const UNSPECIFIED_ERROR = 0x80
const IMPLEMENTATION_SPECIFIC_ERROR = 0x83
const QUOTA_EXCEEDED = 0x97
/** What PUBACK may say (MQTT 5.0 §3.4.2.1). */
const PUBACK_REASONS: readonly number[] = [
  UNSPECIFIED_ERROR,
  IMPLEMENTATION_SPECIFIC_ERROR,
  0x87,
  0x90,
  QUOTA_EXCEEDED,
  0x99,
]

const REASON_CHARACTERS_MAX = 256

/**
 * The answer to a published event. Where no answer can say no (MQTT 3.1.1, and QoS 0 without a response topic)
 * what the sender has to correct closes the connection, as every refused PUBLISH does.
 *
 * @param isHeard whether the result goes to the response topic
 */
export function answerTo(
  client: MqttClient,
  publication: Publication,
  result: PublishResult,
  isHeard: boolean,
): IngressAnswer {
  const error = result instanceof RollcallError ? result : undefined
  const packets: Buffer[] = []
  const isSaid = client.version === 5 && (publication.qos === 1 || publication.responseTopic !== undefined)
  if (error !== undefined && !isSaid && !isPassedOver(error, publication))
    return { packets, closing: closeReason(error.code) }
  if (publication.qos === 1) packets.push(acknowledgement(client, publication, result))
  if (isHeard) packets.push(...responseTo(client, publication, result))
  return { packets }
}

/**
 * What is not for the sender to correct harms nobody else's events: at QoS 0 the event is lost, as it may be; at
 * QoS 1 a full mailbox is acknowledged, as a user without endpoints is. The rest is not, and comes again.
 */
function isPassedOver({ code }: RollcallError, { qos }: Publication): boolean {
  return qos === 0 ? ERRORS[code].retryable : code === 'mailbox_full'
}

export function closeReason(code: ErrorCode): CloseReason {
  if (code === 'unauthorized') return 'authorization_lost'
  if (ERRORS[code].reason === QUOTA_EXCEEDED) return 'quota_exceeded'
  return ERRORS[code].retryable ? 'internal_error' : 'event_refused'
}

function acknowledgement(client: MqttClient, { packetId }: Publication, result: PublishResult): Buffer {
  if (client.version !== 5) return puback(packetId, SUCCESS)
  if (!(result instanceof RollcallError))
    return puback(packetId, result.count === 0 ? NO_MATCHING_SUBSCRIBERS : SUCCESS)
  return refusal(client, packetId, result)
}

/** A PUBACK of MQTT 5 that says no, and why. */
export function refusal(client: MqttClient, packetId: number, error: RollcallError): Buffer {
  const reasonCode = pubackReason(error.code)
  const text = `${error.code}: ${error.message}`.slice(0, REASON_CHARACTERS_MAX)
  const full = puback(packetId, reasonCode, client.wantsReasons ? text : undefined)
  // [MQTT-3.4.2-2]
  return full.length > client.packetBytesMax ? puback(packetId, reasonCode) : full
}

function pubackReason(code: ErrorCode): number {
  const { reason, retryable } = ERRORS[code]
  if (PUBACK_REASONS.includes(reason)) return reason
  return retryable ? UNSPECIFIED_ERROR : IMPLEMENTATION_SPECIFIC_ERROR
}

/** At QoS 0; one that is larger than the client takes is dropped [MQTT-3.1.2-25]. */
function responseTo(
  client: MqttClient,
  { responseTopic = '', correlationData }: Publication,
  result: PublishResult,
): readonly Buffer[] {
  const body =
    result instanceof RollcallError ? errorObject(result) : { count: result.count, eventId: result.eventId }
  const packet = response(responseTopic, correlationData, JSON.stringify(body))
  return packet.length > client.packetBytesMax ? [] : [packet]
}
