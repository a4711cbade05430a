import type { Packet } from 'mqtt-packet'
import type { Client } from './client.ts'
import { connect } from './connect.ts'
import { PINGRESP } from './packets/answers.ts'
import { decode } from './packets/decode.ts'
import { readPublication } from './packets/publication.ts'
import { publish } from './publish.ts'
import { PacketError } from './reasons.ts'
import type { Session } from './session.ts'
import { subscribe, unsubscribe } from './subscribe.ts'

const PUBLISH = 0x30
const PUBACK = 0x40
const PINGREQ = 0xc0

/**
 * Carries out one packet. Returns a promise where the next packet has to wait for this one.
 *
 * @param bytes the whole packet
 * @throws PacketError
 */
export function dispatch(session: Session, bytes: Buffer): Promise<void> | undefined {
  const { client } = session
  if (client === undefined) return connect(session, bytes)
  session.heard()
  // These two are most of what comes in, and have no contents to speak of.
  if (bytes[0] === PUBACK && bytes.length === 4) session.outgoing.settle(bytes.readUInt16BE(2))
  else if (bytes[0] === PINGREQ && bytes.length === 2) session.write(PINGRESP)
  else if ((bytes.readUInt8(0) & 0xf0) === PUBLISH)
    return publish(session, client, readPublication(bytes, client.version))
  else return carryOut(session, client, decode(bytes, client.version))
  return undefined
}

function carryOut(session: Session, client: Client, packet: Packet): Promise<void> | undefined {
  switch (packet.cmd) {
    case 'subscribe':
      return subscribe(session, client, packet)
    case 'unsubscribe':
      unsubscribe(session, client, packet)
      return undefined
    case 'puback':
      // Whatever its reason code: the client is done with the event (MQTT 5.0 §4.3.2).
      session.outgoing.settle(packet.messageId ?? 0)
      return undefined
    case 'disconnect':
      session.close('client_left')
      return undefined
    default:
      // A second CONNECT [MQTT-3.1.0-2], the packets of QoS 2, AUTH without a method, and those of servers.
      throw new PacketError('protocol_error')
  }
}
