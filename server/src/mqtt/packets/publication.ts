import { PacketError } from '../reasons.ts'
import { bodyStart, checkTopicName, type Version } from './checks.ts'
import { Cursor } from './cursor.ts'
import { ALLOWED, checkProperties, Property } from './properties.ts'

/** A client's PUBLISH (MQTT 5.0 §3.3). */
export type Publication = {
  readonly topic: string
  readonly qos: number
  readonly isRetained: boolean
  /** 0 at QoS 0. */
  readonly packetId: number
  /** Where an MQTT 5 client wants to be told what came of it, and by what it will know the answer. */
  readonly responseTopic: string | undefined
  readonly correlationData: Buffer | undefined
  /** Part of the packet: whoever keeps it keeps that. */
  readonly payload: Buffer
}

/**
 * Reads a PUBLISH. By hand, since a backend sends many: the parser of mqtt-packet takes several times as long.
 *
 * @param bytes one whole packet
 * @throws PacketError
 */
export function readPublication(bytes: Buffer, version: Version): Publication {
  const flags = bytes.readUInt8(0) & 0x0f
  const qos = (flags >> 1) & 3
  const isAgain = (flags & 0x08) !== 0
  if (qos === 3 || (isAgain && qos === 0)) throw new PacketError('malformed_packet') // [MQTT-3.3.1-2], [-4]
  const cursor = new Cursor(bytes, bodyStart(bytes))
  const topic = cursor.string()
  const packetId = qos > 0 ? cursor.packetId() : 0
  const properties = version === 5 ? checkProperties(cursor, ALLOWED.publish, KEPT) : undefined
  checkTopicName(topic)
  return {
    topic: topic.toString('utf8'),
    qos,
    isRetained: (flags & 0x01) !== 0,
    packetId,
    responseTopic: properties?.get(Property.responseTopic)?.toString('utf8', 2),
    correlationData: properties?.get(Property.correlationData)?.subarray(2),
    payload: cursor.rest(),
  }
}

const KEPT = new Set<number>([Property.responseTopic, Property.correlationData])
