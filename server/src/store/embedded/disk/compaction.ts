import type { Levels } from './levels.ts'
import type { RunInfo } from './manifest.ts'
import type { Range } from './merge.ts'
import type { Run } from './run.ts'
import { ROW_BYTES } from './run-format.ts'
import type { Sizes } from './sizes.ts'

/** Runs of level 0 that are looked through for each row that is read, before they are merged into level 1. */
const LEVEL_0_RUNS_MAX = 4
/** Each level below level 1 holds so many times as much as the one above. */
const LEVEL_FACTOR = 8
/** Part of all bytes that may belong to rows that were removed. */
const GARBAGE_MAX = 0.2
/** A run that is smaller goes with whatever is merged into its level beside it, so that small ones do not pile up. */
const SMALL_PART = 4
/** What a row that was removed is reckoned at where no run has any of its table. */
const ROW_BYTES_UNKNOWN = 100

/** Runs to merge into a level. */
export type Compaction = {
  readonly level: number
  /** Newest first; the runs of a group follow each other. */
  readonly groups: readonly (readonly Run[])[]
  readonly older: readonly (readonly Range[])[]
  /** First keys of the runs of the level that stay as they are, and borders: no new run reaches over them. Sorted. */
  readonly fences: readonly string[]
  readonly isForGarbage?: boolean
}

/** What should be merged next; `undefined`: all is well. Pure. */
export function nextCompaction(
  levels: Levels,
  sizes: Sizes,
  cursors: Map<number, string>,
): Compaction | undefined {
  if (levels.level(0).length >= LEVEL_0_RUNS_MAX) return fromLevel0(levels, sizes)
  for (let level = 1; level < levels.depth; level++)
    if (bytesOf(levels.level(level)) > bytesMaxOf(level, sizes))
      return fromLevel(levels, sizes, level, nextRun(levels, level, cursors))
  return hasMuchGarbage(levels, sizes) ? fromGarbage(levels, sizes) : undefined
}

/**
 * The run that only has to be called one of the next level, because there is nothing to merge it with: the history's rows
 * come in the order of their keys, and would be written once more for nothing. `undefined`: there is more to do. Never what
 * is taken down for the removals in it, which go by being written again.
 */
export function movedRun({ level, groups, fences, isForGarbage }: Compaction): Run | undefined {
  const [run, ...others] = groups.flat()
  if (run === undefined || others.length > 0 || level === 1 || isForGarbage === true) return undefined
  // What reaches over a run of the level would have to be cut in two.
  return fences.some((fence) => run.first < fence && fence <= run.last) ? undefined : run
}

/** Whether much of what the runs hold was removed, with these removals that are in no run yet, by table. */
export function hasMuchGarbage(
  levels: Levels,
  sizes: Sizes,
  removals: (tableId: number) => number = () => 0,
): boolean {
  const { runs } = levels
  const total = bytesOf(runs)
  if (total < sizes.garbageBytesMin) return false
  let garbage = 0
  for (const [id, { rows, bytes, removals: inRuns }] of tablesOf(runs)) {
    const removed = Math.min(inRuns + removals(id), rows)
    garbage += removed * ((rows === 0 ? ROW_BYTES_UNKNOWN : bytes / rows) + ROW_BYTES)
  }
  return garbage >= sizes.garbageBytesMin && garbage > GARBAGE_MAX * total
}

/** What runs, or parts of the log, take together. */
export function bytesOf(files: readonly { readonly info: { readonly bytes: number } }[]): number {
  return files.reduce((sum, { info }) => sum + info.bytes, 0)
}

/** What lies in runs, exactly enough to tell which rows none of them can have. */
export function rangesOf(levels: Levels, from = 0): readonly (readonly Range[])[] {
  const ranges: (readonly Range[])[] = []
  for (let level = from; level < levels.depth; level++) {
    if (level === 0) for (const run of levels.level(0)) ranges.push(blockRanges(run))
    else ranges.push(levels.level(level).flatMap(blockRanges))
  }
  return ranges.filter(({ length }) => length > 0)
}

function blockRanges({ blocks }: Run): readonly Range[] {
  return blocks.map(([, , , , first, last]) => [first, last] as const)
}

function tablesOf(
  runs: readonly Run[],
): ReadonlyMap<number, { rows: number; bytes: number; removals: number }> {
  const sums = new Map<number, { rows: number; bytes: number; removals: number }>()
  for (const { index } of runs)
    for (const [id, stats] of Object.entries(index.tables)) {
      const sum = sums.get(Number(id)) ?? { rows: 0, bytes: 0, removals: 0 }
      sum.rows += stats.rows
      sum.bytes += stats.bytes
      sum.removals += stats.removals
      sums.set(Number(id), sum)
    }
  return sums
}

/** What a sorted level may hold, bytes. */
export function bytesMaxOf(level: number, { level1Bytes }: Sizes): number {
  return level1Bytes * LEVEL_FACTOR ** (level - 1)
}

function fromLevel0(levels: Levels, sizes: Sizes): Compaction {
  return into(levels, sizes, 1, levels.level(0))
}

function fromLevel(levels: Levels, sizes: Sizes, level: number, run: Run): Compaction {
  return into(levels, sizes, level + 1, [run])
}

function into(levels: Levels, sizes: Sizes, level: number, runs: readonly Run[]): Compaction {
  const there = levels.level(level)
  const isSmall = (run: Run) =>
    run.info.bytes * SMALL_PART < sizes.runBytes && isNear(run, runs, levels.borders)
  const merged = there.filter((run) => isSmall(run) || overlaps(run, runs))
  const stay = there.filter((run) => !merged.includes(run))
  return {
    level,
    groups: [...runs.map((run) => [run]), merged],
    older: rangesOf(levels, level + 1),
    fences: [...stay.map(({ first }) => first), ...levels.borders].sort(),
  }
}

/** Whether the rows of a run may become one run with those of others: they may not where a border is between them. */
function isNear({ first, last }: Run, others: readonly Run[], borders: readonly string[]): boolean {
  const areaOf = (key: string) => borders.filter((border) => border <= key).length
  return others.some((other) => areaOf(other.first) <= areaOf(last) && areaOf(first) <= areaOf(other.last))
}

/** Takes what removes most a level down, until the removals meet what they remove. */
function fromGarbage(levels: Levels, sizes: Sizes): Compaction | undefined {
  if (levels.level(0).some(({ index }) => removalsIn(index.tables) > 0)) return fromLevel0(levels, sizes)
  for (let level = 1; level < levels.depth; level++) {
    const removing = levels.level(level).filter(({ index }) => removalsIn(index.tables) > 0)
    const [first, ...rest] = removing
    if (first === undefined) continue
    const most = rest.reduce(
      (a, b) => (removalsIn(b.index.tables) > removalsIn(a.index.tables) ? b : a),
      first,
    )
    return { ...fromLevel(levels, sizes, level, most), isForGarbage: true }
  }
  return undefined
}

function removalsIn(tables: Run['index']['tables']): number {
  return Object.values(tables).reduce((sum, { removals }) => sum + removals, 0)
}

/** Each time the run after the one before, so that all have their turn. */
function nextRun(levels: Levels, level: number, cursors: Map<number, string>): Run {
  const runs = levels.level(level)
  const run = runs.find(({ first }) => first > (cursors.get(level) ?? '')) ?? runs[0]
  if (run === undefined) throw new RangeError(`level ${level} is empty`)
  cursors.set(level, run.first)
  return run
}

/** Whether others may have rows between the first and the last of a run: they do when one of their blocks reaches in. */
function overlaps({ first, last }: Run, others: readonly Run[]): boolean {
  return others.some((other) => {
    const block = other.blocks[other.blockFor(first)]
    return block !== undefined && block[4] <= last
  })
}

export function infosOf(groups: readonly (readonly Run[])[]): readonly (readonly RunInfo[])[] {
  return groups.map((group) => group.map(({ info }) => info)).filter(({ length }) => length > 0)
}
