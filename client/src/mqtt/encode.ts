/** MQTT 3.1.1 (`4`, as the protocol level in CONNECT is) or MQTT 5. */
export type MqttVersion = 4 | 5

export type Connect = {
  readonly version: MqttVersion
  readonly clientId: string
  /** MQTT 5 may leave it out, MQTT 3.1.1 not where there is a password [MQTT-3.1.2-22]. */
  readonly userName: string | undefined
  readonly password: string
  readonly keepAliveSeconds: number
  /** QoS 1 events that may be unacknowledged at a time; MQTT 5 only. Absent: the server's own bound. */
  readonly receiveMaximum?: number
}

const UTF8 = new TextEncoder()
const CLEAN_SESSION = 0x02
const HAS_PASSWORD = 0x40
const HAS_USER_NAME = 0x80
const RECEIVE_MAXIMUM = 0x21

export function encodeConnect(connect: Connect): ArrayBuffer {
  const { version, clientId, userName, password, keepAliveSeconds } = connect
  const flags = CLEAN_SESSION | HAS_PASSWORD | (userName === undefined ? 0 : HAS_USER_NAME)
  return packet(
    0x10,
    text('MQTT'),
    [version, flags],
    uint16(keepAliveSeconds),
    connectProperties(connect),
    text(clientId),
    userName === undefined ? [] : text(userName),
    text(password),
  )
}

function connectProperties({ version, receiveMaximum }: Connect): readonly number[] {
  if (version === 4) return []
  return receiveMaximum === undefined ? [0] : [3, RECEIVE_MAXIMUM, ...uint16(receiveMaximum)]
}

/** Subscribes with QoS 1. */
export function encodeSubscribe(
  version: MqttVersion,
  packetId: number,
  filters: readonly string[],
): ArrayBuffer {
  const subscriptions = filters.flatMap((filter) => [text(filter), [1]])
  return packet(0x82, uint16(packetId), noProperties(version), ...subscriptions)
}

export function encodeUnsubscribe(
  version: MqttVersion,
  packetId: number,
  filters: readonly string[],
): ArrayBuffer {
  return packet(0xa2, uint16(packetId), noProperties(version), ...filters.map(text))
}

/** Success; the short form that both versions share [MQTT5 3.4.2.1]. */
export function encodePuback(packetId: number): ArrayBuffer {
  return packet(0x40, uint16(packetId))
}

export function encodePing(): ArrayBuffer {
  return packet(0xc0)
}

export function encodeDisconnect(): ArrayBuffer {
  return packet(0xe0)
}

type Bytes = readonly number[] | Uint8Array

function noProperties(version: MqttVersion): Bytes {
  return version === 5 ? [0] : []
}

function packet(first: number, ...parts: readonly Bytes[]): ArrayBuffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const header = [first, ...variableInteger(length)]
  const bytes = new Uint8Array(header.length + length)
  let offset = 0
  for (const part of [header, ...parts]) {
    bytes.set(part, offset)
    offset += part.length
  }
  return bytes.buffer
}

/** MQTT 3.1.1 §2.2.3: seven bits a byte, the lowest first. */
function variableInteger(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...variableInteger(value >> 7)]
}

function uint16(value: number): readonly number[] {
  return [(value >> 8) & 0xff, value & 0xff]
}

/** @throws RangeError for a text that no length of two bytes can tell */
function text(value: string): Uint8Array {
  const utf8 = UTF8.encode(value)
  if (utf8.length > 0xffff) throw new RangeError('The text is too long for MQTT.')
  const bytes = new Uint8Array(utf8.length + 2)
  bytes.set(uint16(utf8.length))
  bytes.set(utf8, 2)
  return bytes
}
