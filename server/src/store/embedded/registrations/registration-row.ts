import type { Registration } from '../../store.ts'
import { asBuffer } from '../fields.ts'

/**
 * A registration is two rows: what rarely changes, and, small and of fixed size, what every keepalive changes.
 */
export type IdentityRow = Omit<Registration, 'registrationId' | 'remainingMs' | keyof LivenessRow>
export type LivenessRow = Pick<
  Registration,
  'lastKeepAliveAtWallMs' | 'authorizedUntilWallMs' | 'reminded'
> & {
  /** Service time. */
  readonly expiresAtMs: number
}

const REMINDER_ON = 1
const REMINDED = 1
const HEADER_BYTES = 17
/** Of a liveness row as it was at first. */
const LIVENESS_BYTES = 25

export function encodeIdentity(row: IdentityRow): Buffer {
  const organizationBytes = Buffer.byteLength(row.organizationId)
  const userBytes = Buffer.byteLength(row.userId)
  const endpointBytes = Buffer.byteLength(row.userEndpointId)
  const value = Buffer.allocUnsafe(HEADER_BYTES + organizationBytes + userBytes + endpointBytes)
  value.writeUInt8(row.serverKeepAliveReminderOn ? REMINDER_ON : 0, 0)
  value.writeUInt32BE(row.keepAliveSeconds, 1)
  value.writeDoubleBE(row.registeredAtWallMs, 5)
  value.writeUInt16BE(organizationBytes, 13)
  value.writeUInt16BE(userBytes, 15)
  value.write(row.organizationId, HEADER_BYTES)
  value.write(row.userId, HEADER_BYTES + organizationBytes)
  value.write(row.userEndpointId, HEADER_BYTES + organizationBytes + userBytes)
  return value
}

export function decodeIdentity(bytes: Uint8Array): IdentityRow {
  const value = asBuffer(bytes)
  const userAt = HEADER_BYTES + value.readUInt16BE(13)
  const endpointAt = userAt + value.readUInt16BE(15)
  return {
    serverKeepAliveReminderOn: value.readUInt8(0) === REMINDER_ON,
    keepAliveSeconds: value.readUInt32BE(1),
    registeredAtWallMs: value.readDoubleBE(5),
    organizationId: value.toString('utf8', HEADER_BYTES, userAt),
    userId: value.toString('utf8', userAt, endpointAt),
    userEndpointId: value.toString('utf8', endpointAt),
  }
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
