import type { Cursor } from './cursor.ts'
import type { Files } from './files.ts'
import { chain, merged } from './levels.ts'
import { type RunInfo, runName } from './manifest.ts'
import { Run } from './run.ts'
import { RunWriter } from './run-writer.ts'

export type Range = readonly [first: string, last: string]

/** New runs of sorted rows. */
export type Target = {
  readonly storeId: string
  readonly level: number
  /** What is older than all of the rows: sorted ranges, group by group. A row that is removed and is in none is forgotten. */
  readonly older: readonly (readonly Range[])[]
  /** Sorted: no new run has keys on both sides of one. */
  readonly fences: readonly string[]
  /** Bytes with which a run of a sorted level ends. */
  readonly runBytes: number
  /** Numbers for new runs, from this one on. */
  readonly firstNumber: number
}

/** Runs that become new ones. */
export type MergeJob = Target & {
  /** Newest first; the runs of one group follow each other. */
  readonly groups: readonly (readonly RunInfo[])[]
}

/** Carries out merges, wherever. */
export interface Merger {
  merge(job: MergeJob): Promise<readonly RunInfo[]>
  /** Gives up what is under way. */
  close(): Promise<void>
}

/** Resolves to the new runs, which survive a power cut then. What was there stays as it is. */
export async function merge(files: Files, job: MergeJob): Promise<readonly RunInfo[]> {
  const runs: Run[] = []
  const open = (info: RunInfo) => {
    const run = new Run(files, info, job.storeId)
    runs.push(run)
    return run
  }
  try {
    const groups = job.groups.map((group) => chain(group.map(open), ''))
    return await writeRuns(files, job, merged(groups))
  } finally {
    for (const run of runs) run.close()
  }
}

/**
 * Writes sorted rows. What was there stays as it is.
 *
 * @param isOutdated whether something that is kept elsewhere, and is newer, says what a row is now: it is left out
 */
export async function writeRuns(
  files: Files,
  target: Target,
  rows: Cursor,
  isOutdated: (key: string) => boolean = () => false,
): Promise<readonly RunInfo[]> {
  const done: RunInfo[] = []
  const isFenced = fenceWatch(target.fences)
  let writer: RunWriter | undefined
  const finish = async () => {
    if (writer === undefined) return
    const { number } = writer
    done.push({ number, level: target.level, bytes: await writer.finish() })
    writer = undefined
  }
  try {
    for (; rows.key !== undefined; rows.next()) {
      const { key } = rows
      if ((rows.isRemoved() && !isIn(target.older, key)) || isOutdated(key)) continue
      const value = rows.value()
      if (isFenced(key)) await finish()
      writer ??= await RunWriter.start(files, target.storeId, target.firstNumber + done.length)
      if (writer.beginsBlock(key, value)) await writer.endBlock()
      if (writer.add(key, value)) await writer.endBlock()
      if (target.level > 0 && writer.bytes >= target.runBytes) await finish()
    }
    await finish()
    return done
  } catch (error) {
    await writer?.abandon()
    await removeRuns(files, done)
    throw error
  }
}

/** Removes runs that no manifest names and none will. On a full disk they would take the room that the next try needs. */
export async function removeRuns(files: Files, runs: readonly RunInfo[]): Promise<void> {
  for (const { number } of runs) await files.remove(runName(number)).catch(() => {})
}

/** Tells of each key of an ascending sequence whether there is a fence between it and the one before. */
function fenceWatch(fences: readonly string[]): (key: string) => boolean {
  let next = 0
  return (key) => {
    const before = next
    while (next < fences.length && (fences[next] ?? '') <= key) next++
    return next > before
  }
}

function isIn(groups: readonly (readonly Range[])[], key: string): boolean {
  return groups.some((ranges) => isInOne(ranges, key))
}

function isInOne(ranges: readonly Range[], key: string): boolean {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ranges[middle]?.[1] ?? '') < key) low = middle + 1
    else high = middle
  }
  const range = ranges[low]
  return range !== undefined && range[0] <= key
}
