import type { StoredEvent } from '../../store.ts'
import { asBuffer } from '../fields.ts'

const SEALED = 1
const HEADER_BYTES = 11

/** The row of an entry whose event is in a row of `payloads`: its sequence says in which. */
export const SHARED_ENTRY: Buffer = Buffer.of(2)

export function encodeEntry(event: StoredEvent): Buffer {
  const eventIdBytes = Buffer.byteLength(event.eventId)
  const value = Buffer.allocUnsafe(HEADER_BYTES + eventIdBytes + event.payload.byteLength)
  value.writeUInt8(event.sealed ? SEALED : 0, 0)
  value.writeDoubleBE(event.acceptedAtWallMs, 1)
  value.writeUInt16BE(eventIdBytes, 9)
  value.write(event.eventId, HEADER_BYTES)
  value.set(event.payload, HEADER_BYTES + eventIdBytes)
  return value
}

/** The payload is a view of `bytes`. */
export function decodeEntry(bytes: Uint8Array): StoredEvent {
  const value = asBuffer(bytes)
  const payloadAt = HEADER_BYTES + value.readUInt16BE(9)
  return {
    eventId: value.toString('utf8', HEADER_BYTES, payloadAt),
    payload: value.subarray(payloadAt),
    sealed: value.readUInt8(0) === SEALED,
    acceptedAtWallMs: value.readDoubleBE(1),
  }
}
