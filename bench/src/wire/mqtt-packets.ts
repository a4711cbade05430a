import type { TakeUnit } from './splitter.ts'

// MQTT 3.1.1, as much of it as is needed by a device that only listens, and by a backend that only publishes.
export const PacketType = {
  connect: 1,
  connack: 2,
  publish: 3,
  puback: 4,
  subscribe: 8,
  suback: 9,
  pingreq: 12,
  pingresp: 13,
} as const

const LEVEL_3_1_1 = 4
const USER_NAME_AND_PASSWORD = 0xc0
const CLEAN_SESSION = 0x02
const REMAINING_LENGTH_BYTES_MAX = 4

/** Handles one packet: its first byte, and its body `bytes[start, end)` after the fixed header. */
export type OnPacket = (first: number, bytes: Buffer, start: number, end: number) => void

export type Connect = {
  readonly clientId: string
  readonly userName: string
  readonly password: string
  readonly keepAliveSeconds: number
}

/** CONNECT with a clean session [MQTT-3.1]. */
export function connectPacket({ clientId, userName, password, keepAliveSeconds }: Connect): Buffer {
  const flags = USER_NAME_AND_PASSWORD | CLEAN_SESSION
  return packet(PacketType.connect << 4, [
    text('MQTT'),
    Buffer.from([LEVEL_3_1_1, flags]),
    uint16(keepAliveSeconds),
    text(clientId),
    text(userName),
    text(password),
  ])
}

/** SUBSCRIBE to one topic [MQTT-3.8]. */
export function subscribePacket(packetId: number, topic: string, qos: number): Buffer {
  return packet((PacketType.subscribe << 4) | 0x02, [uint16(packetId), text(topic), Buffer.from([qos])])
}

/** CONNACK "accepted" and SUBACK, for the reference server. */
export function connackPacket(): Buffer {
  return packet(PacketType.connack << 4, [Buffer.from([0, 0])])
}

export function subackPacket(packetId: number, qos: number): Buffer {
  return packet(PacketType.suback << 4, [uint16(packetId), Buffer.from([qos])])
}

/** PINGREQ [MQTT-3.12]. */
export function pingreqPacket(): Buffer {
  return packet(PacketType.pingreq << 4, [])
}

/** PUBLISH [MQTT-3.3], for publishers and the reference server. */
export function publishPacket(topic: Buffer, payload: Buffer, packetId: number | undefined): Buffer {
  const id = packetId === undefined ? [] : [uint16(packetId)]
  const first = (PacketType.publish << 4) | (packetId === undefined ? 0 : 0x02)
  return packet(first, [uint16(topic.length), topic, ...id, payload])
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([uint16(bytes.length), bytes])
}

function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff])
}

function packet(first: number, parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([first, ...remainingLength(body.length)]), body])
}

/** [MQTT-2.2.3] */
function remainingLength(bytes: number): number[] {
  const low = bytes % 128
  const high = (bytes - low) / 128
  return high === 0 ? [low] : [low | 0x80, ...remainingLength(high)]
}

/** @throws Error for a remaining length of more than four bytes */
export function takePackets(onPacket: OnPacket): TakeUnit {
  return (bytes, start, end) => {
    let length = 0
    for (let index = 1; index <= REMAINING_LENGTH_BYTES_MAX; index++) {
      if (start + index >= end) return 0
      const byte = bytes[start + index] ?? 0
      length += (byte & 0x7f) * 128 ** (index - 1)
      if (byte >= 0x80) continue
      const bodyStart = start + index + 1
      if (bodyStart + length > end) return 0
      onPacket(bytes[start] ?? 0, bytes, bodyStart, bodyStart + length)
      return bodyStart + length - start
    }
    throw new Error('a packet with a malformed remaining length')
  }
}
