import { asBuffer } from '../fields.ts'

/**
 * A table's number and a key in one text, a character for each byte: those compare like the bytes, are compared
 * and hashed by the engine itself, and live in a `Map`.
 */
export function rowKey(tableId: number, key: Uint8Array): string {
  return String.fromCharCode(tableId) + asBuffer(key).toString('latin1')
}

/** Every key of a table is at least this, and below the same of the next table. */
export function firstKeyOf(tableId: number): string {
  return String.fromCharCode(tableId)
}

export function tableIdOf(rowKey: string): number {
  return rowKey.charCodeAt(0)
}

/** The key as it was given. */
export function bareKey(rowKey: string): Buffer {
  return Buffer.from(rowKey.slice(1), 'latin1')
}
