import { PACKET_BYTES_MAX } from '@rollcall/protocol/limits'
import { CONNECT_REFUSALS, type ConnectRefusal } from '../reasons.ts'
import type { Version } from './checks.ts'

// The server's packets but PUBLISH are written by hand: they are few and short, and the generator of
// mqtt-packet makes 65,536 buffers when it is first used.

/** QoS 1 PUBLISH packets that a client may have unanswered. They are taken one after the other, so none is too many. */
const RECEIVE_MAXIMUM = 64

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

export const PINGRESP = Buffer.from([0xd0, 0x00])

/** CONNACK that refuses. `version` is the newest one that the client surely reads. */
export function refusal(version: Version, why: ConnectRefusal): Buffer {
  const { returnCode, reasonCode } = CONNECT_REFUSALS[why]
  return version === 5
    ? Buffer.from([0x20, 0x03, 0x00, reasonCode, 0x00])
    : Buffer.from([0x20, 0x02, 0x00, returnCode])
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

/** PUBACK. A reason code other than 0 exists in MQTT 5 only. */
export function puback(packetId: number, reasonCode: number): Buffer {
  return packetOf(0x40, reasonCode === 0 ? uint16(packetId) : [...uint16(packetId), reasonCode])
}

/** DISCONNECT, which the server of MQTT 5 may send; properties may be left out (§3.14.2.2.1). */
export function disconnect(reasonCode: number): Buffer {
  return Buffer.from([0xe0, 0x01, reasonCode])
}

function uint16(value: number): readonly [high: number, low: number] {
  return [value >>> 8, value & 0xff]
}

/** A packet whose body is shorter than 16,384 bytes. */
function packetOf(first: number, body: readonly number[]): Buffer {
  const length = body.length < 128 ? [body.length] : [(body.length & 0x7f) | 0x80, body.length >>> 7]
  return Buffer.from([first, ...length, ...body])
}
