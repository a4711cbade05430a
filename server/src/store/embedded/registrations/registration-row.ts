import type { Registration } from '../../store.ts'
import { asBuffer } from '../fields.ts'

/**
 * A registration is two rows: what rarely changes, and, small and of fixed size, what every keepalive changes.
 */
export type IdentityRow = Omit<
  Registration,
  'registrationId' | 'remainingMs' | 'wakeUp' | keyof LivenessRow
> & {
  readonly wakeUp?: Uint8Array | undefined
}
export type LivenessRow = Pick<
  Registration,
  'lastKeepAliveAtWallMs' | 'authorizedUntilWallMs' | 'reminded'
> & {
  /** Service time. */
  readonly expiresAtMs: number
}

/** Bits of the first byte. */
const REMINDER_ON = 1
/** After the ids comes how the device is woken, and then of how many bytes that is. */
const HAS_WAKE_UP = 2
const WAKE_UP_LENGTH_BYTES = 2
const REMINDED = 1
const HEADER_BYTES = 17
/** Of a liveness row as it was at first. */
const LIVENESS_BYTES = 25

export function encodeIdentity(row: IdentityRow): Buffer {
  const organizationBytes = Buffer.byteLength(row.organizationId)
  const userBytes = Buffer.byteLength(row.userId)
  const endpointBytes = Buffer.byteLength(row.userEndpointId)
  const { wakeUp } = row
  const endpointAt = HEADER_BYTES + organizationBytes + userBytes
  const wakeUpAt = endpointAt + endpointBytes
  const wakeUpBytes = wakeUp === undefined ? 0 : wakeUp.byteLength + WAKE_UP_LENGTH_BYTES
  const value = Buffer.allocUnsafe(wakeUpAt + wakeUpBytes)
  const reminder = row.serverKeepAliveReminderOn ? REMINDER_ON : 0
  value.writeUInt8(wakeUp === undefined ? reminder : reminder | HAS_WAKE_UP, 0)
  value.writeUInt32BE(row.keepAliveSeconds, 1)
  value.writeDoubleBE(row.registeredAtWallMs, 5)
  value.writeUInt16BE(organizationBytes, 13)
  value.writeUInt16BE(userBytes, 15)
  value.write(row.organizationId, HEADER_BYTES)
  value.write(row.userId, HEADER_BYTES + organizationBytes)
  value.write(row.userEndpointId, endpointAt)
  if (wakeUp === undefined) return value
  value.set(wakeUp, wakeUpAt)
  value.writeUInt16BE(wakeUp.byteLength, wakeUpAt + wakeUp.byteLength)
  return value
}

export function decodeIdentity(bytes: Uint8Array): IdentityRow {
  const value = asBuffer(bytes)
  const userAt = HEADER_BYTES + value.readUInt16BE(13)
  const endpointAt = userAt + value.readUInt16BE(15)
  const flags = value.readUInt8(0)
  const hasWakeUp = (flags & HAS_WAKE_UP) !== 0
  const wakeUpEnd = hasWakeUp ? value.length - WAKE_UP_LENGTH_BYTES : value.length
  const wakeUpAt = hasWakeUp ? wakeUpEnd - value.readUInt16BE(wakeUpEnd) : wakeUpEnd
  const identity = {
    serverKeepAliveReminderOn: (flags & REMINDER_ON) !== 0,
    keepAliveSeconds: value.readUInt32BE(1),
    registeredAtWallMs: value.readDoubleBE(5),
    organizationId: value.toString('utf8', HEADER_BYTES, userAt),
    userId: value.toString('utf8', userAt, endpointAt),
    userEndpointId: value.toString('utf8', endpointAt, wakeUpAt),
  }
  // A copy: what it is cut from is larger, and not for keeping.
  return hasWakeUp ? { ...identity, wakeUp: Uint8Array.from(value.subarray(wakeUpAt, wakeUpEnd)) } : identity
}

/** @param recovery number of the newest recovery that the deadline takes into account */
export function encodeLiveness(row: LivenessRow, recovery: number): Buffer {
  const value = Buffer.allocUnsafe(LIVENESS_BYTES + 4)
  value.writeDoubleBE(row.lastKeepAliveAtWallMs, 0)
  value.writeDoubleBE(row.expiresAtMs, 8)
  value.writeDoubleBE(row.authorizedUntilWallMs, 16)
  value.writeUInt8(row.reminded ? REMINDED : 0, 24)
  value.writeUInt32BE(recovery, LIVENESS_BYTES)
  return value
}

export function decodeLiveness(bytes: Uint8Array): LivenessRow & { readonly recovery: number } {
  const value = asBuffer(bytes)
  return {
    lastKeepAliveAtWallMs: value.readDoubleBE(0),
    expiresAtMs: value.readDoubleBE(8),
    authorizedUntilWallMs: value.readDoubleBE(16),
    reminded: value.readUInt8(24) === REMINDED,
    // Rows from before end here, and know of none.
    recovery: value.length > LIVENESS_BYTES ? value.readUInt32BE(LIVENESS_BYTES) : 0,
  }
}
