import { PACKET_BYTES_MAX } from '@rollcall/protocol/limits'
import { generate } from 'mqtt-packet'
import { CONNECT_REFUSALS, type ConnectRefusal } from '../reasons.ts'
import type { Version } from './checks.ts'

/** QoS 1 PUBLISH packets that a client may have unanswered. They are taken one after the other, so none is too many. */
const RECEIVE_MAXIMUM = 64

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
  const properties = {
    receiveMaximum: RECEIVE_MAXIMUM,
    maximumQoS: 1,
    retainAvailable: false,
    maximumPacketSize: PACKET_BYTES_MAX,
    topicAliasMaximum: 0,
    wildcardSubscriptionAvailable: false,
    subscriptionIdentifiersAvailable: false,
    sharedSubscriptionAvailable: false,
    ...(assignedClientId === undefined ? {} : { assignedClientIdentifier: assignedClientId }),
    ...(wantsSession ? { sessionExpiryInterval: 0 } : {}),
  }
  return generate(
    { cmd: 'connack', sessionPresent: false, reasonCode: 0, properties },
    { protocolVersion: 5 },
  )
}

/** SUBACK: one code for each filter, in their order. */
export function suback(version: Version, packetId: number, codes: readonly number[]): Buffer {
  return generate({ cmd: 'suback', messageId: packetId, granted: [...codes] }, { protocolVersion: version })
}

/** UNSUBACK: MQTT 3.1.1 has no codes. */
export function unsuback(version: Version, packetId: number, codes: readonly number[]): Buffer {
  return generate({ cmd: 'unsuback', messageId: packetId, granted: [...codes] }, { protocolVersion: version })
}

/** PUBACK. A reason code other than 0 exists in MQTT 5 only. */
export function puback(packetId: number, reasonCode: number): Buffer {
  const [high, low] = [packetId >> 8, packetId & 0xff]
  return reasonCode === 0
    ? Buffer.from([0x40, 0x02, high, low])
    : Buffer.from([0x40, 0x03, high, low, reasonCode])
}

/** DISCONNECT, which the server of MQTT 5 may send; properties may be left out (§3.14.2.2.1). */
export function disconnect(reasonCode: number): Buffer {
  return Buffer.from([0xe0, 0x01, reasonCode])
}
