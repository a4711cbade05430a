/** Packets of MQTT 5 as a simulated backend writes and reads them; the server's own are not asked. */

const CONNECT = 0x10
const PUBLISH_QOS_0 = 0x30
const PUBLISH_QOS_1 = 0x32
const SUBSCRIBE = 0x82

const RESPONSE_TOPIC = 0x08
const CORRELATION_DATA = 0x09

/** A packet that came: its first byte, and what follows its length. */
export type Packet = { readonly first: number; readonly body: Buffer }

export function connectPacket(clientId: string, username: string, password: string): Buffer {
  const flags = 0x80 | 0x40 | 0x02
  const head = Buffer.concat([text('MQTT'), Buffer.from([5, flags, 0, 0, 0])])
  return packet(CONNECT, [head, text(clientId), text(username), text(password)])
}

export function subscribePacket(packetId: number, topic: string): Buffer {
  return packet(SUBSCRIBE, [uint16(packetId), Buffer.from([0]), text(topic), Buffer.from([0])])
}

export type Publication = {
  readonly topic: string
  /** `undefined`: at QoS 0. */
  readonly packetId: number | undefined
  readonly responseTopic: string
  readonly correlation: string
  readonly payload: string
}

export function publishPacket(publication: Publication): Buffer {
  const { topic, packetId, responseTopic, correlation, payload } = publication
  const properties = Buffer.concat([
    Buffer.from([RESPONSE_TOPIC]),
    text(responseTopic),
    Buffer.from([CORRELATION_DATA]),
    text(correlation),
  ])
  const id = packetId === undefined ? [] : [uint16(packetId)]
  const first = packetId === undefined ? PUBLISH_QOS_0 : PUBLISH_QOS_1
  return packet(first, [text(topic), ...id, variable(properties.length), properties, Buffer.from(payload)])
}

/** The whole packets of what was written in one piece. */
export function packetsOf(bytes: Buffer): readonly Packet[] {
  const packets: Packet[] = []
  for (let at = 0; at < bytes.length; ) {
    const { value, bytes: used } = readVariable(bytes, at + 1)
    const from = at + 1 + used
    packets.push({ first: bytes.readUInt8(at), body: bytes.subarray(from, from + value) })
    at = from + value
  }
  return packets
}

/** What a response (PUBLISH at QoS 0) says, and to which publication. */
export function readResponse(body: Buffer): { readonly correlation: string; readonly payload: string } {
  const propertiesAt = 2 + body.readUInt16BE(0)
  const { value, bytes } = readVariable(body, propertiesAt)
  const from = propertiesAt + bytes
  // It has the one property that is sent back.
  const correlation = body.subarray(from + 3, from + 3 + body.readUInt16BE(from + 1)).toString()
  return { correlation, payload: body.subarray(from + value).toString() }
}

function packet(first: number, parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([first]), variable(body.length), body])
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([uint16(bytes.length), bytes])
}

function uint16(value: number): Buffer {
  return Buffer.from([value >>> 8, value & 0xff])
}

/** Variable Byte Integer (MQTT 5.0 §1.5.5). */
function variable(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest])
    bytes.push((rest & 0x7f) | 0x80)
  }
}

function readVariable(bytes: Buffer, from: number): { readonly value: number; readonly bytes: number } {
  let value = 0
  for (let at = from; ; at++) {
    const byte = bytes.readUInt8(at)
    value += (byte & 0x7f) * 2 ** (7 * (at - from))
    if (byte < 0x80) return { value, bytes: at - from + 1 }
  }
}
