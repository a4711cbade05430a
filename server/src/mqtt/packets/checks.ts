import { SUBSCRIPTIONS_MAX, TOPIC_LEVELS_MAX } from '@rollcall/protocol/limits'
import { PacketError } from '../reasons.ts'
import { Cursor } from './cursor.ts'
import { ALLOWED, checkProperties } from './properties.ts'

/** Protocol level: 4 is MQTT 3.1.1. */
export type Version = 4 | 5

type Check = (cursor: Cursor, version: Version) => void

/**
 * By packet type, the high half of the first byte. A type that is not here is never sent by a client, but for
 * PUBLISH: see `publication.ts`.
 */
const CHECKS: ReadonlyMap<number, Check> = new Map([
  [1, checkConnect],
  [4, checkAcknowledgement],
  [5, checkAcknowledgement],
  [6, checkAcknowledgement],
  [7, checkAcknowledgement],
  [8, checkSubscribe],
  [10, checkUnsubscribe],
  [12, (cursor: Cursor) => cursor.end()],
  [14, checkDisconnect],
  [15, checkAuth],
])

/**
 * Refuses what mqtt-packet lets pass: ill-formed text, fields that are missing, left over, repeated or
 * misplaced, and values that the specification forbids. It looks at no meaning.
 *
 * @param bytes one whole packet
 * @param bodyAt where its variable header begins
 */
export function checkPacket(bytes: Buffer, bodyAt: number, version: Version): void {
  const check = CHECKS.get(bytes.readUInt8(0) >> 4)
  if (check === undefined) throw new PacketError('protocol_error')
  check(new Cursor(bytes, bodyAt), version)
}

function checkConnect(cursor: Cursor, version: Version): void {
  cursor.string()
  cursor.byte()
  const flags = cursor.byte()
  checkConnectFlags(flags, version)
  cursor.uint16()
  if (version === 5) checkProperties(cursor, ALLOWED.connect)
  cursor.string()
  if ((flags & 0x04) !== 0) checkWill(cursor, version)
  if ((flags & 0x80) !== 0) cursor.string()
  if ((flags & 0x40) !== 0) cursor.binary()
  cursor.end()
}

function checkConnectFlags(flags: number, version: Version): void {
  const willQos = (flags >> 3) & 3
  const hasWill = (flags & 0x04) !== 0
  const isReserved = (flags & 0x01) !== 0 // [MQTT-3.1.2-3]
  const passwordAlone = (flags & 0xc0) === 0x40 && version === 4 // MQTT 3.1.1 [MQTT-3.1.2-22]
  const willWithout = !hasWill && (flags & 0x38) !== 0 // [MQTT-3.1.2-11], [MQTT-3.1.2-13]
  if (isReserved || passwordAlone || willWithout || willQos === 3) throw new PacketError('malformed_packet')
}

function checkWill(cursor: Cursor, version: Version): void {
  if (version === 5) checkProperties(cursor, ALLOWED.will)
  checkTopicName(cursor.string())
  cursor.binary()
}

/** A topic name: one character at least, no wildcards [MQTT-4.7.3-1, MQTT-3.3.2-2], not too deep. */
export function checkTopicName(topic: Buffer): void {
  const isWildcard = topic.includes(0x23) || topic.includes(0x2b)
  if (topic.length === 0 || isWildcard || levelsOf(topic) > TOPIC_LEVELS_MAX)
    throw new PacketError('topic_invalid')
}

function levelsOf(topic: Buffer): number {
  let levels = 1
  for (const byte of topic) if (byte === 0x2f) levels++
  return levels
}

/** PUBACK, PUBREC, PUBREL and PUBCOMP; MQTT 5 may add a reason code and properties. */
function checkAcknowledgement(cursor: Cursor, version: Version): void {
  cursor.packetId()
  checkReason(cursor, version, ALLOWED.acknowledgement)
}

function checkDisconnect(cursor: Cursor, version: Version): void {
  checkReason(cursor, version, ALLOWED.disconnect)
}

function checkReason(cursor: Cursor, version: Version, allowed: ReadonlySet<number>): void {
  if (version === 5 && !cursor.isAtEnd) {
    cursor.byte()
    if (!cursor.isAtEnd) checkProperties(cursor, allowed)
  }
  cursor.end()
}

function checkSubscribe(cursor: Cursor, version: Version): void {
  cursor.packetId()
  if (version === 5) checkProperties(cursor, ALLOWED.subscribe)
  checkFilters(cursor, () => void cursor.byte())
}

function checkUnsubscribe(cursor: Cursor, version: Version): void {
  cursor.packetId()
  if (version === 5) checkProperties(cursor, ALLOWED.unsubscribe)
  checkFilters(cursor, () => {})
}

/** At least one filter [MQTT-3.8.3-2, MQTT-3.10.3-2], none of them empty. */
function checkFilters(cursor: Cursor, checkOptions: () => void): void {
  if (cursor.isAtEnd) throw new PacketError('protocol_error')
  for (let filters = 0; !cursor.isAtEnd; filters++) {
    if (filters === SUBSCRIPTIONS_MAX) throw new PacketError('quota_exceeded')
    if (cursor.string().length === 0) throw new PacketError('malformed_packet')
    checkOptions()
  }
}

function checkAuth(cursor: Cursor, version: Version): void {
  if (version !== 5) throw new PacketError('protocol_error')
  checkReason(cursor, version, ALLOWED.auth)
}

/** Where the variable header of a whole packet begins: behind its length (§2.1.4). */
export function bodyStart(bytes: Buffer): number {
  let at = 1
  while (at < 4 && bytes.readUInt8(at) >= 0x80) at++
  return at + 1
}
