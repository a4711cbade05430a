import type { Packet } from 'mqtt-packet'
import { PINGRESP } from '../packets/answers.ts'
import { decode } from '../packets/decode.ts'
import { readPublication } from '../packets/publication.ts'
import { PacketError } from '../reasons.ts'
import type { MqttClient } from '../session/client.ts'
import { connect, type PendingConnection } from './connect.ts'
import type { SubscribingConnection } from './grant.ts'
import { publish } from './publish.ts'
import { subscribe, unsubscribe } from './subscribe.ts'

/** What packets are carried out for. */
export type ActingConnection = PendingConnection &
  SubscribingConnection & {
    /** A whole packet came in. */
    heard(): void
  }

const PUBLISH = 0x30
const PUBACK = 0x40
const PINGREQ = 0xc0

/**
 * Carries out one packet. Returns a promise where the next packet has to wait for this one.
 *
 * @param bytes the whole packet
 * @throws PacketError
 */
export function dispatch(connection: ActingConnection, bytes: Buffer): Promise<void> | undefined {
  const { client } = connection
  if (client === undefined) return connect(connection, bytes)
  connection.heard()
  // These two are most of what comes in, and have no contents to speak of.
  if (bytes[0] === PUBACK && bytes.length === 4) connection.outgoing.onPuback(bytes.readUInt16BE(2))
  else if (bytes[0] === PINGREQ && bytes.length === 2) connection.write(PINGRESP)
  else if ((bytes.readUInt8(0) & 0xf0) === PUBLISH)
    return publish(connection, client, readPublication(bytes, client.version))
  else return carryOut(connection, client, decode(bytes, client.version))
  return undefined
}

function carryOut(
  connection: ActingConnection,
  client: MqttClient,
  packet: Packet,
): Promise<void> | undefined {
  switch (packet.cmd) {
    case 'subscribe':
      return subscribe(connection, client, packet)
    case 'unsubscribe':
      unsubscribe(connection, client, packet)
      return undefined
    case 'puback':
      // Whatever its reason code: the client is done with the event (MQTT 5.0 §4.3.2).
      connection.outgoing.onPuback(packet.messageId ?? 0)
      return undefined
    case 'disconnect':
      connection.close('client_left')
      return undefined
    default:
      // A second CONNECT [MQTT-3.1.0-2], the packets of QoS 2, AUTH without a method, and those of servers.
      throw new PacketError('protocol_error')
  }
}
