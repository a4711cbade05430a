import { PACKET_BYTES_MAX, RECEIVE_MAXIMUM } from '@rollcall/protocol/limits'
import { CONNECT_REFUSALS, type ConnectRefusal, REFUSAL_TEXTS } from '../reasons.ts'
import type { Version } from './checks.ts'
import { Property } from './properties.ts'

// The server's packets but PUBLISH are written by hand: they are few and short, and the generator of
// mqtt-packet makes 65,536 buffers when it is first used.

/** The server's limits, as properties of CONNACK (§3.2.2.3). */
const LIMITS: readonly number[] = [
  ...[0x21, ...uint16(RECEIVE_MAXIMUM)],
  ...[0x24, 1], // Maximum QoS
  ...[0x25, 0], // Retain Available
  ...[0x27, ...uint16(PACKET_BYTES_MAX >>> 16), ...uint16(PACKET_BYTES_MAX & 0xffff)], // Maximum Packet Size
  ...[0x22, 0, 0], // Topic Alias Maximum
  ...[0x28, 0], // Wildcard Subscription Available
  ...[0x29, 0], // Subscription Identifiers Available
  ...[0x2a, 0], // Shared Subscription Available
]

const NOTHING = Buffer.alloc(0)

export const PINGRESP = Buffer.from([0xd0, 0x00])

/**
 * CONNACK that refuses. `version` is the newest one that the client surely reads.
 *
 * @param packetBytesMax the largest packet that the client takes: past it no text is added [MQTT-3.2.2-19]
 */
export function refusal(
  version: Version,
  why: ConnectRefusal,
  packetBytesMax = Number.POSITIVE_INFINITY,
): Buffer {
  const { returnCode, reasonCode } = CONNECT_REFUSALS[why]
  if (version !== 5) return Buffer.from([0x20, 0x02, 0x00, returnCode])
  const text = REFUSAL_TEXTS[why]
  const full = packetOf(0x20, [0x00, reasonCode, ...reasonProperties(text)])
  return full.length > packetBytesMax ? packetOf(0x20, [0x00, reasonCode, 0]) : full
}

/** What an accepted CONNECT asked for that its CONNACK answers to. */
export type Welcome = {
  readonly version: Version
  /** The id made by the server where an MQTT 5 client gave none. */
  readonly assignedClientId: string | undefined
  /** Whether an MQTT 5 client wanted its session kept. */
  readonly wantsSession: boolean
}

/** CONNACK that accepts. There never is a session: what must survive a connection is in the endpoint's mailbox. */
export function welcome({ version, assignedClientId, wantsSession }: Welcome): Buffer {
  if (version === 4) return Buffer.from([0x20, 0x02, 0x00, 0x00])
  const properties = [
    ...LIMITS,
    ...(assignedClientId === undefined ? [] : [0x12, ...uint16(assignedClientId.length)]),
    ...Buffer.from(assignedClientId ?? '', 'latin1'),
    ...(wantsSession ? [0x11, 0, 0, 0, 0] : []), // Session Expiry Interval
  ]
  return Buffer.from([0x20, properties.length + 3, 0x00, 0x00, properties.length, ...properties])
}

/** SUBACK: one code for each filter, in their order. */
export function suback(version: Version, packetId: number, codes: readonly number[]): Buffer {
  return packetOf(0x90, [...uint16(packetId), ...(version === 5 ? [0, ...codes] : codes)])
}

/** UNSUBACK: MQTT 3.1.1 has no codes. */
export function unsuback(version: Version, packetId: number, codes: readonly number[]): Buffer {
  return packetOf(0xb0, [...uint16(packetId), ...(version === 5 ? [0, ...codes] : [])])
}

/** PUBACK. A reason code other than 0, and a text to it, exist in MQTT 5 only. */
export function puback(packetId: number, reasonCode: number, reason?: string): Buffer {
  const [high, low] = uint16(packetId)
  if (reasonCode === 0) return Buffer.from([0x40, 2, high, low])
  if (reason === undefined) return Buffer.from([0x40, 3, high, low, reasonCode])
  const text = property(Property.reasonString, Buffer.from(reason))
  return packetOf(0x40, [high, low, reasonCode, ...variable(text.length), ...text])
}

/** PUBLISH at QoS 0 to a response topic. */
export function response(topic: string, correlationData: Buffer | undefined, payload: string): Buffer {
  const name = Buffer.from(topic)
  const properties =
    correlationData === undefined ? NOTHING : property(Property.correlationData, correlationData)
  const parts = [Buffer.from(uint16(name.length)), name, Buffer.from(variable(properties.length)), properties]
  const body = Buffer.concat([...parts, Buffer.from(payload)])
  return Buffer.concat([Buffer.from([0x30, ...variable(body.length)]), body])
}

/** A property whose value is text or binary data (MQTT 5.0 §2.2.2.2). */
function property(id: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([id, ...uint16(value.length)]), value])
}

/** DISCONNECT, which the server of MQTT 5 may send; properties may be left out (§3.14.2.2.1). */
export function disconnect(reasonCode: number, text?: string): Buffer {
  if (text === undefined) return Buffer.from([0xe0, 0x01, reasonCode])
  return packetOf(0xe0, [reasonCode, ...reasonProperties(text)])
}

/** Properties that hold a reason string, or nothing, with their length. */
function reasonProperties(text: string | undefined): readonly number[] {
  if (text === undefined) return [0]
  const bytes = property(Property.reasonString, Buffer.from(text))
  return [...variable(bytes.length), ...bytes]
}

function uint16(value: number): readonly [high: number, low: number] {
  return [value >>> 8, value & 0xff]
}

/** A short packet. */
function packetOf(first: number, body: readonly number[]): Buffer {
  return Buffer.from([first, ...variable(body.length), ...body])
}

/** Variable Byte Integer (MQTT 5.0 §1.5.5). */
function variable(value: number): readonly number[] {
  return value < 128 ? [value] : [(value & 0x7f) | 0x80, ...variable(value >>> 7)]
}
