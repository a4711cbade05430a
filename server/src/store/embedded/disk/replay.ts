import { type CommitRecord, RECORD_UNIT_BYTES, readRecord, roundUp } from './commit-record.ts'
import { DamageError } from './damage.ts'
import type { ReadableFiles } from './files.ts'
import { type LogInfo, logName, type Manifest } from './manifest.ts'
import { Memtable } from './memtable.ts'
import { readWhole } from './read-whole.ts'

/** What records may begin at multiples of, finest first: the log may have been written on other disks too. */
const UNITS_BYTES = [RECORD_UNIT_BYTES, 4096]

export type LogEnd = {
  /** Place in the list of logs of the one that goes on. */
  readonly index: number
  /** Where in it. */
  readonly position: number
  readonly nextCommit: number
  /** Number of the first commit in each part. */
  readonly firstCommits: readonly number[]
  /** The rows of each part. */
  readonly tables: readonly Memtable[]
}

/**
 * Reads the log from its start, and finds its end: where the next record is not whole. That is how a write ends
 * that a crash has cut short. When whole records of later commits follow, or a file is not what the manifest
 * says, something else has happened, and nothing is read.
 *
 * @throws DamageError
 */
export function replayLogs(
  files: ReadableFiles,
  { logs, firstCommit, lastCommit = 0, storeId, epoch }: Manifest,
): LogEnd {
  const parts = logs.map((log) => new LogPart(files, log, Buffer.from(storeId, 'hex')))
  const firstCommits: number[] = []
  const tables = parts.map(({ table }) => table)
  let end: LogEnd = { index: 0, position: 0, nextCommit: firstCommit, firstCommits, tables }
  for (const [index, part] of parts.entries()) {
    firstCommits.push(end.nextCommit)
    const after = part.replay(end.nextCommit, epoch)
    if (after.position > 0) end = { ...end, index, ...after }
  }
  assertNothingAfter(parts.slice(end.index), end)
  if (end.nextCommit <= lastCommit) parts[end.index]?.refuseEnd(end, lastCommit)
  return end
}

/** @param parts from the one on in which the log ends */
function assertNothingAfter(parts: readonly LogPart[], { position, nextCommit }: LogEnd): void {
  for (const [index, part] of parts.entries()) {
    const start = index === 0 ? position : 0
    // Where a part begins with what comes later, what is missing stood at the end of the one before.
    if (parts[index + 1]?.beginsAfter(nextCommit)) part.refuseGap(start)
    part.assertNothingAfter(start, nextCommit)
  }
}

/** A part of the log in memory. */
class LogPart {
  readonly #path: string
  readonly #bytes: Buffer
  readonly #storeId: Buffer
  readonly #lastCommit: number
  readonly table: Memtable

  constructor(files: ReadableFiles, { number, bytes, lastCommit }: LogInfo, storeId: Buffer) {
    this.#path = `${files.path}/${logName(number)}`
    this.#lastCommit = lastCommit ?? Number.POSITIVE_INFINITY
    this.#storeId = storeId
    const size = files.sizeOf(logName(number))
    if (size === undefined) throw new DamageError(this.#path, 'is missing')
    if (size !== bytes) throw new DamageError(this.#path, `has ${size} bytes instead of ${bytes}`)
    this.#bytes = readWhole(files, logName(number))
    this.table = new Memtable(this.#bytes)
  }

  /** Takes up the commits from `next` on, as far as they are here. */
  replay(next: number, epoch: number): { position: number; nextCommit: number } {
    let nextCommit = next
    let position = 0
    for (;;) {
      const found = this.#find(position, nextCommit)
      if (found === undefined || found.record.number > this.#lastCommit) return { position, nextCommit }
      if (found.record.epoch > epoch)
        throw new DamageError(this.#path, 'holds what a later owner of the store has written')
      // A removal stays known: of a commit that was written twice an older part has the rows too.
      this.table.take(found.at, found.record.changes, () => false)
      position = found.at + roundUp(found.record.bytes, RECORD_UNIT_BYTES)
      nextCommit = found.record.number + 1
    }
  }

  /**
   * The record of a commit that begins at, or right after, a place. A failed commit that did reach the disk is
   * written again, with more, at the start of the next part where it has not enough room: the first record of a
   * part may repeat the number of the last.
   */
  #find(position: number, number: number): { at: number; record: CommitRecord } | undefined {
    for (const unitBytes of UNITS_BYTES) {
      const at = roundUp(position, unitBytes)
      const record = readRecord(this.#bytes, at, this.#storeId)
      if (record?.number === number || (position === 0 && record?.number === number - 1))
        return { at, record }
    }
    return undefined
  }

  assertNothingAfter(position: number, number: number): void {
    for (let at = position; at < this.#bytes.length; at += RECORD_UNIT_BYTES) {
      const record = readRecord(this.#bytes, at)
      if (record === undefined) continue
      if (!record.storeId.equals(this.#storeId)) throw new DamageError(this.#path, 'belongs to another store')
      if (record.number >= number && record.number <= this.#lastCommit) this.refuseGap(position)
    }
  }

  /** Whether the part begins with a later commit than this. */
  beginsAfter(number: number): boolean {
    const record = readRecord(this.#bytes, 0, this.#storeId)
    return record !== undefined && record.number > number && record.number <= this.#lastCommit
  }

  refuseGap(position: number): never {
    throw new DamageError(
      this.#path,
      `is damaged at byte ${position}: later commits follow, this one cannot be read`,
    )
  }

  refuseEnd({ position, nextCommit }: LogEnd, lastCommit: number): never {
    throw new DamageError(
      this.#path,
      `is damaged at byte ${position}: commit ${nextCommit} cannot be read, and all up to ${lastCommit} had been confirmed`,
    )
  }
}
