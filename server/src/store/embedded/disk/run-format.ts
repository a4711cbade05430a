/**
 * A run: a file of sorted rows that is written once. Blocks, then the index, then the tail.
 *
 * A block has the keys of its rows first and their values after, so that who needs only keys reads only those:
 * the number of rows; where each begins; of each the table and kind, the key's bytes, the value's bytes, the
 * value's checksum, the key; then the values in the same order. The index has the checksum of the keys.
 */
export const BLOCK_BYTES = 64 * 1024
/** Table and kind, key bytes, value bytes, checksum of the value. */
export const ROW_HEAD_BYTES = 11
export const REMOVED_BIT = 0x80
/** Where the index begins, its bytes, its checksum, magic. */
export const TAIL_BYTES = 20
export const MAGIC = 0x52435231
/** What a row takes beside its key and value. */
export const ROW_BYTES = ROW_HEAD_BYTES + 4

/** Where a block is, what its keys sum up to, and its first and last. */
export type Block = readonly [
  offset: number,
  keysBytes: number,
  valuesBytes: number,
  keysSum: number,
  first: string,
  last: string,
]

/** How much of a table is in a run. */
export type TableStats = { rows: number; bytes: number; removals: number }

export type RunIndex = {
  /** The store that it belongs to, hexadecimal, and its own number: no file is taken for another. */
  readonly storeId: string
  readonly number: number
  /** By the number of the table. */
  readonly tables: Readonly<Record<string, TableStats>>
  readonly blocks: readonly Block[]
}
