/**
 * What goes out, as one buffer that holds everything: on a WebSocket the frame's header (RFC 6455 §5.2, FIN,
 * binary, never masked by a server), then the MQTT packet. One buffer is one write is one packet on the wire,
 * which is what the speed of sending hangs on.
 */
export type PublishTarget = {
  readonly isWebSocket: boolean
  /** MQTT 5 has properties, here always none. */
  readonly hasProperties: boolean
  readonly topic: string
  /** Length of `topic` in UTF-8. */
  readonly topicBytes: number
}

const PUBLISH_QOS_0 = 0x30
const PUBLISH_QOS_1 = 0x32

/** PUBLISH, retain and duplicate flags clear. `packetId` 0: QoS 0, which has none. */
export function publishFrame(target: PublishTarget, packetId: number, payload: Uint8Array): Buffer {
  const remaining = publishRemaining(target, packetId, payload)
  const packetBytes = 1 + variableBytes(remaining) + remaining
  const frame = Buffer.allocUnsafe((target.isWebSocket ? headerBytes(packetBytes) : 0) + packetBytes)
  let at = target.isWebSocket ? writeHeader(frame, packetBytes) : 0
  frame[at++] = packetId === 0 ? PUBLISH_QOS_0 : PUBLISH_QOS_1
  at = writeVariable(frame, at, remaining)
  frame[at++] = target.topicBytes >> 8
  frame[at++] = target.topicBytes
  at += frame.write(target.topic, at, 'utf8')
  if (packetId !== 0) {
    frame[at++] = packetId >> 8
    frame[at++] = packetId
  }
  if (target.hasProperties) frame[at++] = 0
  frame.set(payload, at)
  return frame
}

/** Size of that PUBLISH as MQTT counts it: without the WebSocket's header. */
export function publishBytes(target: PublishTarget, packetId: number, payload: Uint8Array): number {
  const remaining = publishRemaining(target, packetId, payload)
  return 1 + variableBytes(remaining) + remaining
}

/** Any other packet. */
export function frameOf(packet: Buffer, isWebSocket: boolean): Buffer {
  if (!isWebSocket) return packet
  const frame = Buffer.allocUnsafe(headerBytes(packet.length) + packet.length)
  frame.set(packet, writeHeader(frame, packet.length))
  return frame
}

function publishRemaining(target: PublishTarget, packetId: number, payload: Uint8Array): number {
  return 2 + target.topicBytes + (packetId === 0 ? 0 : 2) + (target.hasProperties ? 1 : 0) + payload.length
}

function headerBytes(payloadBytes: number): number {
  if (payloadBytes < 126) return 2
  return payloadBytes < 65_536 ? 4 : 10
}

function writeHeader(frame: Buffer, payloadBytes: number): number {
  frame[0] = 0x82
  if (payloadBytes < 126) {
    frame[1] = payloadBytes
    return 2
  }
  if (payloadBytes < 65_536) {
    frame[1] = 126
    return frame.writeUInt16BE(payloadBytes, 2)
  }
  frame[1] = 127
  frame.writeUInt32BE(0, 2)
  return frame.writeUInt32BE(payloadBytes, 6)
}

function variableBytes(value: number): number {
  if (value < 128) return 1
  if (value < 16_384) return 2
  return value < 2_097_152 ? 3 : 4
}

function writeVariable(frame: Buffer, from: number, value: number): number {
  let at = from
  let rest = value
  while (rest >= 128) {
    frame[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  frame[at++] = rest
  return at
}
