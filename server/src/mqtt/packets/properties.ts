import { PacketError } from '../reasons.ts'
import type { Cursor } from './cursor.ts'

const USER_PROPERTY = 0x26
const TOPIC_ALIAS = 0x23
const SUBSCRIPTION_IDENTIFIER = 0x0b

/** Identifiers of properties whose values are read. */
export const Property = { responseTopic: 0x08, correlationData: 0x09, reasonString: 0x1f } as const

/** How to step over a property's value, by its identifier (MQTT 5.0 §2.2.2.2): those that a client may send. */
const VALUES: ReadonlyMap<number, (cursor: Cursor) => void> = new Map([
  [0x01, flag], // Payload Format Indicator
  [0x02, (cursor) => void cursor.uint32()], // Message Expiry Interval
  [0x03, text], // Content Type
  [0x08, text], // Response Topic
  [0x09, (cursor) => void cursor.binary()], // Correlation Data
  [SUBSCRIPTION_IDENTIFIER, () => refuse('subscription_ids_not_supported')],
  [0x11, (cursor) => void cursor.uint32()], // Session Expiry Interval
  [0x15, text], // Authentication Method
  [0x16, (cursor) => void cursor.binary()], // Authentication Data
  [0x17, flag], // Request Problem Information
  [0x18, (cursor) => void cursor.uint32()], // Will Delay Interval
  [0x19, flag], // Request Response Information
  [0x1f, text], // Reason String
  [0x21, (cursor) => void (cursor.uint16() || refuse('protocol_error'))], // Receive Maximum
  [0x22, (cursor) => void cursor.uint16()], // Topic Alias Maximum
  [TOPIC_ALIAS, () => refuse('topic_alias_invalid')],
  [USER_PROPERTY, pair],
  [0x27, (cursor) => void (cursor.uint32() || refuse('protocol_error'))], // Maximum Packet Size
])

/** The properties that each packet of a client may carry. */
export const ALLOWED = {
  connect: new Set([0x11, 0x15, 0x16, 0x17, 0x19, 0x21, 0x22, USER_PROPERTY, 0x27]),
  will: new Set([0x01, 0x02, 0x03, 0x08, 0x09, 0x18, USER_PROPERTY]),
  publish: new Set([0x01, 0x02, 0x03, 0x08, 0x09, TOPIC_ALIAS, USER_PROPERTY]),
  acknowledgement: new Set([0x1f, USER_PROPERTY]),
  subscribe: new Set([SUBSCRIPTION_IDENTIFIER, USER_PROPERTY]),
  unsubscribe: new Set([USER_PROPERTY]),
  disconnect: new Set([0x11, 0x1f, USER_PROPERTY]),
  auth: new Set([0x15, 0x16, 0x1f, USER_PROPERTY]),
} as const satisfies Record<string, ReadonlySet<number>>

const NONE: ReadonlySet<number> = new Set()
const NO_VALUES: ReadonlyMap<number, Buffer> = new Map()

/**
 * Steps over the properties of an MQTT 5 packet. Refuses unknown, misplaced and repeated ones, and values
 * that the specification rules out.
 *
 * @returns the bytes of those in `kept`, as they stand in the packet
 */
export function checkProperties(
  cursor: Cursor,
  allowed: ReadonlySet<number>,
  kept = NONE,
): ReadonlyMap<number, Buffer> {
  const size = cursor.variable()
  if (size === 0) return NO_VALUES
  const end = cursor.at + size
  const seen = new Set<number>()
  const values = new Map<number, Buffer>()
  while (cursor.at < end) {
    const id = cursor.variable()
    const step = allowed.has(id) ? VALUES.get(id) : undefined
    if (step === undefined) throw new PacketError('malformed_packet')
    if (seen.has(id) && id !== USER_PROPERTY) throw new PacketError('protocol_error')
    seen.add(id)
    const start = cursor.at
    step(cursor)
    if (kept.has(id)) values.set(id, cursor.since(start))
  }
  if (cursor.at !== end) throw new PacketError('malformed_packet')
  return values
}

function flag(cursor: Cursor): void {
  if (cursor.byte() > 1) throw new PacketError('protocol_error')
}

function text(cursor: Cursor): void {
  cursor.string()
}

function pair(cursor: Cursor): void {
  cursor.string()
  cursor.string()
}

function refuse(reason: PacketError['reason']): never {
  throw new PacketError(reason)
}
