import type { Clock } from '../../server/src/clock/clock.ts'
import {
  type Files,
  inlineMerger,
  openDiskRows,
  type Rows,
  type Sizes,
} from '../../server/src/store/embedded/embedded.ts'

/** Puts a fault between the store and its disk, to see that it is found. */
export type SeeFiles = (files: Files) => Files

/** So small that a run of some hundred steps sees all of it: parts of the log, runs, merges. */
const SMALL: Sizes = {
  ...{ firstPartBytes: 32_768, partBytesMax: 65_536, flushBytes: 131_072, runBytes: 131_072 },
  ...{ level1Bytes: 524_288, garbageBytesMin: 65_536 },
}

/** The rows of a store as it is in production, on any disk. */
export function openSmallRows(files: Files, clock: Clock): Promise<Rows> {
  const merger = inlineMerger(files)
  return openDiskRows({ files, clock, merger, newStoreId: () => '0123456789abcdef', sizes: SMALL })
}
