import type { RowChange } from '../rows.ts'
import { checksum } from './checksum.ts'

/** Records begin at multiples of it: the smallest piece that a disk writes. */
export const RECORD_UNIT_BYTES = 512
/** magic, checksum of all that follows, bytes of all, number of changes, position in the log, epoch, the store's name. */
const HEADER_BYTES = 40
const MAGIC = 0x52434c31
const SUMMED_FROM = 8
/** Table and kind, key bytes, value bytes. */
export const CHANGE_BYTES = 7
const REMOVED_BIT = 0x80

/** Who wrote a record, and where it stands among all. */
export type RecordPlace = {
  /** 8 bytes that tell one store from another. */
  readonly storeId: Buffer
  /** Grows with each start of the store. */
  readonly epoch: number
  /** Grows by 1 with each commit. */
  readonly number: number
}

export type CommitRecord = RecordPlace & {
  /** Bytes that it takes, without what fills its last unit. */
  readonly bytes: number
  readonly changes: number
}

/** Gets where in the bytes a change begins, and whether it removes its row. */
export type Visit = (at: number, isRemoved: boolean) => void

export function recordBytes(changes: readonly RowChange[]): number {
  let bytes = HEADER_BYTES
  for (const { key, value } of changes) bytes += CHANGE_BYTES + key.length + (value?.length ?? 0)
  return bytes
}

/** Writes a record at the start of `target`, which has room for it. */
export function encodeRecord(
  target: Buffer,
  changes: readonly RowChange[],
  bytes: number,
  place: RecordPlace,
  idOf: (table: RowChange['table']) => number,
): void {
  target.writeUInt32BE(MAGIC, 0)
  target.writeUInt32BE(bytes, 8)
  target.writeUInt32BE(changes.length, 12)
  target.writeDoubleBE(place.number, 16)
  target.writeDoubleBE(place.epoch, 24)
  target.set(place.storeId, 32)
  let at = HEADER_BYTES
  for (const { table, key, value } of changes) {
    target[at] = idOf(table) | (value === undefined ? REMOVED_BIT : 0)
    target.writeUInt16BE(key.length, at + 1)
    target.writeUInt32BE(value?.length ?? 0, at + 3)
    target.set(key, at + CHANGE_BYTES)
    at += CHANGE_BYTES + key.length
    if (value !== undefined) target.set(value, at)
    at += value?.length ?? 0
  }
  target.writeUInt32BE(checksum(target.subarray(SUMMED_FROM, bytes)), 4)
}

/**
 * The record that begins here; `undefined` where there is none, or not the whole of one.
 *
 * @param storeId of another store there is none; default: any store's
 */
export function readRecord(source: Buffer, at: number, storeId?: Buffer): CommitRecord | undefined {
  if (at + HEADER_BYTES > source.length || source.readUInt32BE(at) !== MAGIC) return undefined
  const bytes = source.readUInt32BE(at + 8)
  if (bytes < HEADER_BYTES || at + bytes > source.length) return undefined
  const ownId = source.subarray(at + 32, at + 40)
  if (storeId !== undefined && !storeId.equals(ownId)) return undefined
  if (checksum(source.subarray(at + SUMMED_FROM, at + bytes)) !== source.readUInt32BE(at + 4))
    return undefined
  const changes = source.readUInt32BE(at + 12)
  return {
    storeId: ownId,
    bytes,
    changes,
    number: source.readDoubleBE(at + 16),
    epoch: source.readDoubleBE(at + 24),
  }
}

/** Goes through the changes of the record that begins at `at`, in their order. */
export function visitChanges(source: Buffer, at: number, changes: number, visit: Visit): void {
  let offset = at + HEADER_BYTES
  for (let count = 0; count < changes; count++) {
    visit(offset, ((source[offset] ?? 0) & REMOVED_BIT) !== 0)
    offset += CHANGE_BYTES + source.readUInt16BE(offset + 1) + source.readUInt32BE(offset + 3)
  }
}

/** The table of the row that a change is about. */
export function tableIdAt(source: Buffer, at: number): number {
  return (source[at] ?? 0) & ~REMOVED_BIT
}

/** The row that a change is about. */
export function keyAt(source: Buffer, at: number): string {
  const start = at + CHANGE_BYTES
  const id = String.fromCharCode(tableIdAt(source, at))
  return id + source.toString('latin1', start, start + source.readUInt16BE(at + 1))
}

/** The value of a change that begins at `at`, as a view; `undefined`: it removes the row. */
export function changeAt(source: Buffer, at: number): Buffer | undefined {
  if (((source[at] ?? 0) & REMOVED_BIT) !== 0) return undefined
  const start = at + CHANGE_BYTES + source.readUInt16BE(at + 1)
  return source.subarray(start, start + source.readUInt32BE(at + 3))
}

/** Rounds up to a whole number of units. */
export function roundUp(bytes: number, unitBytes: number): number {
  return Math.ceil(bytes / unitBytes) * unitBytes
}
