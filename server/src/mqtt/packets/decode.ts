import { type Packet, parser } from 'mqtt-packet'
import { PacketError } from '../reasons.ts'
import { bodyStart, checkPacket, type Version } from './checks.ts'

const NAME = Buffer.from('\u0000\u0004MQTT', 'latin1')

/**
 * Decodes one whole packet of any type but PUBLISH.
 *
 * The parser of mqtt-packet is made anew each time: it keeps what it read last, a password for one, and is
 * confused after an error. Packets that come often never get here (`Session`).
 *
 * @throws PacketError without the packet's content
 */
export function decode(bytes: Buffer, version: Version): Packet {
  checkPacket(bytes, bodyStart(bytes), version)
  let packet: Packet | undefined
  let failed = false
  const packets = parser({ protocolVersion: version })
  packets.on('packet', (parsed) => {
    packet = parsed
  })
  packets.on('error', () => {
    failed = true
  })
  try {
    packets.parse(bytes)
  } catch {
    failed = true
  }
  if (failed || packet === undefined) throw new PacketError('malformed_packet')
  return packet
}

/**
 * The protocol level of a CONNECT, of whatever version.
 *
 * @throws PacketError where the packet is no CONNECT of an MQTT that has levels
 */
export function connectLevel(bytes: Buffer): number {
  const start = bodyStart(bytes)
  const level = bytes[start + NAME.length]
  if (level !== undefined && bytes.subarray(start, start + NAME.length).equals(NAME)) return level
  // MQTT 3.1 called itself `MQIsdp`, level 3: its clients understand return code 1 as well.
  const isOlder = bytes.toString('latin1', start + 2, start + 8) === 'MQIsdp'
  if (isOlder) return 3
  throw new PacketError('malformed_packet')
}
