import type { StoreLog } from '../../store-log.ts'
import { toError } from '../refusal.ts'
import { bytesOf, hasMuchGarbage, infosOf, movedRun, nextCompaction, rangesOf } from './compaction.ts'
import { type Cursor, inSequence, memtableCursor } from './cursor.ts'
import type { HeldManifest } from './held-manifest.ts'
import { Lane, type Tell } from './lane.ts'
import { type Levels, merged } from './levels.ts'
import type { LogPart } from './log.ts'
import { type LogInfo, logName, type RunInfo, runName } from './manifest.ts'
import type { Memtable } from './memtable.ts'
import { type Merger, removeRuns, type Target, writeRuns } from './merge.ts'
import type { PartMemory } from './part-memory.ts'
import { type Room, saysNoRoom } from './room.ts'
import { tableIdOf } from './row-key.ts'
import { Run } from './run.ts'
import { Supply, type SupplyOptions } from './supply.ts'

/** Above every key. */
const END = '\uffff'
/**
 * Full parts that stay as they are until more have come: at full rate a part is full before the first of its events is
 * acknowledged, and what is acknowledged here needs no run.
 */
const YOUNG_PARTS = 2
/** Rows of a table after which it is known whether newer parts say anything of such. */
const LOOKED_UP_ROWS = 256
/** Parts of the log that may wait to become runs. Past it commits wait for that too. */
const WAITING_PARTS_MAX = 16

export type UpkeepOptions = Omit<SupplyOptions, 'isFull'> & {
  readonly levels: Levels
  readonly merger: Merger
  readonly log: StoreLog
  readonly room: Room
  readonly memory: PartMemory
  /** Gets every failure. */
  readonly onFailure: (error: unknown) => void
}

/**
 * What goes on beneath the commits: the next part of the log is made before it is needed, full parts become
 * runs, runs are merged, and what is left over goes.
 */
export class Upkeep {
  readonly #options: UpkeepOptions
  readonly supply: Supply
  readonly #flushing: Lane
  readonly #compacting: Lane
  readonly #cursors = new Map<number, string>()
  #isFlushWanted = false
  #failing = 0
  #underWay: Promise<unknown> = Promise.resolve()

  constructor(options: UpkeepOptions) {
    this.#options = options
    const { clock } = options
    const tell: Tell = (failure) => this.#tell(failure)
    const withRoom = (step: () => Promise<boolean>) => () => this.#withRoom(step)
    this.supply = new Supply({ ...options, isFull: () => this.#isFull }, tell, withRoom)
    this.#flushing = new Lane(
      clock,
      withRoom(() => this.#flushWhenDue()),
      tell,
    )
    this.#compacting = new Lane(
      clock,
      withRoom(() => this.#compact()),
      tell,
    )
  }

  /** One line when the first kind of work begins to fail, one when all succeed again. */
  #tell(failure: unknown): void {
    const { log } = this.#options
    const before = this.#failing
    this.#failing += failure === undefined ? -1 : 1
    if (failure !== undefined && before === 0)
      log.error('the store cannot tidy its files', { err: toError(failure) })
    if (this.#failing === 0) log.info('the store tidies its files again', {})
  }

  /** What finds the disk full is tried again, once the reserve was given up, and nothing else takes room. */
  async #withRoom(step: () => Promise<boolean>): Promise<boolean> {
    const { room, onFailure } = this.#options
    const { given } = room
    try {
      return await this.#inTurn(step)
    } catch (error) {
      onFailure(error)
      if (!saysNoRoom(error)) throw error
      await room.giveWay()
      // Another may have given it up meanwhile: what there is now was not there when this began.
      if (room.given === given) throw error
      return this.#inTurn(step)
    }
  }

  /**
   * While the disk is full one thing is done at a time: it finds the room that the one before has given back. Each by
   * itself fits into the reserve; all at once each may take what another lacks, for ever.
   */
  #inTurn(step: () => Promise<boolean>): Promise<boolean> {
    const turn = this.#isFull ? this.#underWay.then(step) : step()
    this.#underWay = Promise.allSettled([this.#underWay, turn])
    return turn
  }

  get #isFull(): boolean {
    return this.#options.room.room === 'none'
  }

  /**
   * Resolves once few enough parts of the log wait to become runs. While the disk is full that is no more than one
   * run takes: each part that waits has taken room from the reserve, and only a run gives it back.
   */
  async flushed(): Promise<void> {
    const { parts, sizes } = this.#options
    const fullMax = Math.floor(sizes.flushBytes / sizes.partBytesMax)
    const isShort = () => parts.length - 1 <= (this.#isFull ? fullMax : WAITING_PARTS_MAX)
    if (!isShort()) this.#isFlushWanted = true
    await this.#flushing.until(isShort)
  }

  /** A part of the log is full. */
  flush(): void {
    this.#flushing.wake()
  }

  /** The full parts of the log shall become a run, however few they are. */
  flushSoon(): void {
    this.#isFlushWanted = true
    this.#flushing.wake()
  }

  /** Whether so much was removed that what it leaves should go before the part of the log is full. */
  get hasMuchGarbage(): boolean {
    const { levels, parts, sizes } = this.#options
    return hasMuchGarbage(levels, sizes, (tableId) =>
      parts.reduce((sum, { table }) => sum + table.removals(tableId), 0),
    )
  }

  retryNow(): void {
    for (const lane of [this.supply, this.#flushing, this.#compacting]) lane.retryNow()
  }

  start(): void {
    for (const lane of [this.supply, this.#flushing, this.#compacting]) lane.wake()
  }

  async close(): Promise<void> {
    await this.#options.merger.close()
    for (const lane of [this.supply, this.#flushing, this.#compacting]) await lane.close()
  }

  async #flushWhenDue(): Promise<boolean> {
    if (!this.#isFlushDue()) return false
    await this.#flush()
    return true
  }

  #isFlushDue(): boolean {
    const ripe = this.#ripe()
    const bytes = bytesOf(ripe)
    return bytes >= this.#options.sizes.flushBytes || (this.#isFlushWanted && bytes > 0)
  }

  /** Full parts of the log that may become a run: all but the young ones, or all where it is wanted or the disk is full. */
  #ripe(): readonly LogPart[] {
    const young = this.#isFlushWanted || this.#isFull ? 0 : YOUNG_PARTS
    return this.#options.parts.slice(0, -1 - young)
  }

  /** Full parts of the log become one run: those that are ripe; while the disk is full the oldest, as many as surely fit. */
  async #flush(): Promise<void> {
    const { files, memory, parts } = this.#options
    const full = this.#isFull ? this.#oldest() : this.#ripe()
    const after = parts[full.length]
    const isAll = full.length === parts.length - 1
    const logs = full.map(({ info }) => info)
    for (const { table } of full) table.freeze()
    const isOutdated = outdatedBy(parts.slice(full.length).map(({ table }) => table))
    const runs = await this.#write(full, isOutdated)
    const [again, over] = this.#sortOut(logs)
    await this.#install([], runs, (manifest) => ({
      ...manifest,
      // Parts that are empty now come again at the end: writing them anew takes no new room, and no new zeros.
      logs: [...manifest.logs.filter(({ number }) => !logs.some((log) => log.number === number)), ...again],
      firstCommit: after?.firstCommit ?? manifest.firstCommit,
    }))
    parts.splice(0, full.length)
    for (const { table } of full) memory.giveBack(table)
    if (isAll) this.#isFlushWanted = false
    for (const { number } of over) await files.remove(logName(number))
    this.#compacting.wake()
  }

  /**
   * What comes after all rows of its table goes to the lowest level at once, everything else to level 0. Most bytes are the
   * history's: written to level 0, each would be read and written once more.
   */
  async #write(full: readonly LogPart[], isOutdated: (key: string) => boolean): Promise<readonly RunInfo[]> {
    const { files, levels, sizes } = this.#options
    const rowsOf = (from: string, to: string) =>
      merged(full.map(({ table }) => memtableCursor(table, from, to)).reverse())
    const others: Cursor[] = []
    const added: Cursor[] = []
    let start = ''
    for (const [from, to] of levels.ends) {
      others.push(rowsOf(start, from))
      added.push(rowsOf(from, to))
      start = to
    }
    others.push(rowsOf(start, END))
    const numbers = Math.ceil(bytesOf(full) / sizes.runBytes) + 1
    const runs: RunInfo[] = []
    const write = async (target: Target, rows: Cursor) =>
      void runs.push(...(await writeRuns(files, target, rows, isOutdated)))
    try {
      await write(this.#target(0, rangesOf(levels), []), inSequence(others))
      // Nothing is older than what comes after all: where it was removed again nothing is left of it.
      for (const rows of added) await write(this.#target(levels.lowest, [], [], numbers), rows)
      return runs
    } catch (error) {
      await removeRuns(files, runs)
      throw error
    }
  }

  #oldest(): readonly LogPart[] {
    const { sizes } = this.#options
    let bytes = 0
    return this.#ripe().filter(({ info }, index) => {
      bytes += info.bytes
      return index === 0 || bytes <= sizes.flushBytes
    })
  }

  /** Of the parts that are empty now: those that are used again, and those that go. */
  #sortOut(logs: readonly LogInfo[]): readonly [again: readonly LogInfo[], over: readonly LogInfo[]] {
    const { partBytesMax } = this.#options.sizes
    // None of a former owner's: it may still write to it.
    const full = logs.filter(({ bytes, lastCommit }) => bytes === partBytesMax && lastCommit === undefined)
    const again = full.slice(0, Math.max(0, this.supply.shortBy))
    return [again, logs.filter((log) => !again.includes(log))]
  }

  async #compact(): Promise<boolean> {
    const { files, levels, merger, sizes } = this.#options
    const compaction = nextCompaction(levels, sizes, this.#cursors)
    if (compaction === undefined) return false
    const { level, older, fences } = compaction
    const moved = movedRun(compaction)
    if (moved !== undefined) {
      await this.#install([moved.info], [{ ...moved.info, level }], (manifest) => manifest)
      return true
    }
    const gone = compaction.groups.flat()
    const numbers = Math.ceil(bytesOf(gone) / sizes.runBytes) + fences.length + 2
    const target = this.#target(level, older, fences, numbers)
    const runs = await merger.merge({ ...target, groups: infosOf(compaction.groups) })
    const infos = gone.map(({ info }) => info)
    await this.#install(infos, runs, (manifest) => manifest)
    for (const { number } of infos) await files.remove(runName(number))
    return true
  }

  /** @param numbers how many runs there may be */
  #target(level: number, older: Target['older'], fences: readonly string[], numbers = 1): Target {
    const { held, sizes } = this.#options
    const { storeId } = held.manifest
    const firstNumber = held.takeNumbers(numbers)
    return { storeId, level, older, fences, runBytes: sizes.runBytes, firstNumber }
  }

  async #install(
    gone: readonly RunInfo[],
    come: readonly RunInfo[],
    change: (manifest: HeldManifest['manifest']) => HeldManifest['manifest'],
  ): Promise<void> {
    const { files, held, levels } = this.#options
    const runs = come.map((info) => new Run(files, info, held.manifest.storeId))
    const numbers = new Set(gone.map(({ number }) => number))
    await held.update((manifest) => {
      const kept = manifest.runs.filter(({ number }) => !numbers.has(number))
      return { ...change(manifest), runs: [...kept, ...come] }
    })
    levels.replace(gone, runs)
  }
}

/**
 * Most events are acknowledged soon after they came, and some rows are written over and over: where a newer part says so,
 * they need not be written once more. Of a table of which the first rows are all as they were, no others are looked up:
 * registrations stay.
 */
function outdatedBy(newer: readonly Memtable[]): (key: string) => boolean {
  const seen: { looked: number; found: number }[] = []
  return (key) => {
    const id = tableIdOf(key)
    seen[id] ??= { looked: 0, found: 0 }
    const table = seen[id]
    if (table.looked >= LOOKED_UP_ROWS && table.found === 0) return false
    table.looked++
    const isOutdated = newer.some((memtable) => memtable.has(key))
    if (isOutdated) table.found++
    return isOutdated
  }
}
