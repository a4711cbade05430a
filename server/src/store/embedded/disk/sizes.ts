/** How large the store's files are. Tests have smaller ones, to come to see them all. */
export type Sizes = {
  /** The first part of the log, bytes; each next one is larger as long as they fill. */
  readonly firstPartBytes: number
  readonly partBytesMax: number
  /** Full parts of the log become a run when they have so many bytes together. */
  readonly flushBytes: number
  /** A run of a sorted level ends when it has so many bytes. */
  readonly runBytes: number
  /** What level 1 may hold, bytes; each level below it a multiple. */
  readonly level1Bytes: number
  /** Garbage that is not worth a merge, bytes. */
  readonly garbageBytesMin: number
  /** Free bytes of the disk below which it is said to be low, and below which no new events are taken. */
  readonly lowBytes?: number
  readonly fullBytes?: number
  /** The most that is kept in reserve: what the largest merges take. A small store needs less. */
  readonly reserveBytesMax?: number
}

export const SIZES: Required<Sizes> = {
  firstPartBytes: 256 * 1024,
  partBytesMax: 2 * 1024 * 1024,
  flushBytes: 6 * 1024 * 1024,
  runBytes: 4 * 1024 * 1024,
  level1Bytes: 32 * 1024 * 1024,
  garbageBytesMin: 4 * 1024 * 1024,
  lowBytes: 256 * 1024 * 1024,
  fullBytes: 8 * 1024 * 1024,
  reserveBytesMax: 64 * 1024 * 1024,
}
