import { createHash } from 'node:crypto'
import type { UserKey } from '../store.ts'

const LOW = 2 ** 32

/** Key of a registration's rows: its id, big-endian, so that rows are sorted by age. */
export function registrationKey(registrationId: number): Buffer {
  return numberKey(registrationId)
}

/**
 * Key of a mailbox entry: sequence, registration and payload size. The sequence comes first, so that what is
 * new comes at the end of the table and what is old and over leaves its beginning. The size is part of the key
 * because a start has to know all sizes and must not read all payloads.
 */
export function mailboxKey(registrationId: number, sequence: number, payloadBytes: number): Buffer {
  const key = Buffer.allocUnsafe(20)
  writeNumber(key, sequence, 0)
  writeNumber(key, registrationId, 8)
  key.writeUInt32BE(payloadBytes, 16)
  return key
}

export function readRegistrationId(key: Uint8Array): number {
  return readNumberKey(key)
}

export function readMailboxKey(key: Uint8Array): { registrationId: number; sequence: number; bytes: number } {
  return { sequence: readNumber(key, 0), registrationId: readNumber(key, 8), bytes: readWord(key, 16) }
}

/** Key of a payload that entries share: the sequence of the first of them, and how many they were. */
export function payloadKey(firstSequence: number, entries: number): Buffer {
  const key = Buffer.allocUnsafe(12)
  writeNumber(key, firstSequence, 0)
  key.writeUInt32BE(entries, 8)
  return key
}

export function readPayloadKey(key: Uint8Array): { firstSequence: number; entries: number } {
  return { firstSequence: readNumber(key, 0), entries: readWord(key, 8) }
}

/** Key of a row that has a number: big-endian, so that rows are sorted by it. */
export function numberKey(number: number): Buffer {
  const key = Buffer.allocUnsafe(8)
  writeNumber(key, number, 0)
  return key
}

export function readNumberKey(key: Uint8Array): number {
  return readNumber(key, 0)
}

/** Key of a part of a block of the history's index. */
export function indexKey(block: number, part: number): Buffer {
  const key = Buffer.allocUnsafe(9)
  writeNumber(key, block, 0)
  key.writeUInt8(part, 8)
  return key
}

/** A user in one string. Ids never contain a slash, so that no two users share it. */
export function userName({ organizationId, userId }: UserKey): string {
  return `${organizationId}/${userId}`
}

/** Key of a user's row: the name itself, which costs less than a digest and is short, as ids are. */
export function userRowKey(name: string): Buffer {
  return Buffer.from(name, 'utf8')
}

/** Key made from texts that come from outside: a digest, because they are of any length. */
export function digestKey(...texts: readonly string[]): Buffer {
  return createHash('sha256').update(JSON.stringify(texts)).digest().subarray(0, 24)
}

function writeNumber(key: Buffer, value: number, offset: number): void {
  key.writeUInt32BE(Math.floor(value / LOW), offset)
  key.writeUInt32BE(value % LOW, offset + 4)
}

function readNumber(key: Uint8Array, offset: number): number {
  return readWord(key, offset) * LOW + readWord(key, offset + 4)
}

function readWord(key: Uint8Array, offset: number): number {
  const high = ((key[offset] ?? 0) << 8) | (key[offset + 1] ?? 0)
  const low = ((key[offset + 2] ?? 0) << 8) | (key[offset + 3] ?? 0)
  return high * 0x10000 + low
}
