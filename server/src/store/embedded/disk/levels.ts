import { type Cursor, MergeCursor, RunCursor } from './cursor.ts'
import type { RunInfo } from './manifest.ts'
import type { RowState } from './memtable.ts'
import { firstKeyOf, tableIdOf } from './row-key.ts'
import type { Run } from './run.ts'

/** Keys from the first up to, but not including, the second. */
export type KeyRange = readonly [from: string, to: string]

/** The runs: level 0 as they came, newest first; above it sorted, and no key in two of one level. */
export class Levels {
  readonly #levels: Run[][] = [[]]
  /** The last key of each table. */
  readonly #lasts = new Map<number, string>()
  /** Where each of the tables begins and ends to which rows are added at the end. */
  readonly #appended: readonly KeyRange[]
  #readers = 0
  /** Runs that are no part of the store any more, but that somebody still reads. */
  #gone: Run[] = []

  /** @param appended tables to which rows are added at the end; runs of level 0 are not needed for those rows */
  constructor(runs: readonly Run[], appended: readonly number[] = []) {
    const ids = appended.toSorted((a, b) => a - b)
    this.#appended = ids.map((id) => [firstKeyOf(id), firstKeyOf(id + 1)])
    for (const run of runs) this.#levelOf(run).push(run)
    this.#sort()
  }

  get runs(): readonly Run[] {
    return this.#levels.flat()
  }

  get depth(): number {
    return this.#levels.length
  }

  /** The number of the lowest level, of the sorted ones. */
  get lowest(): number {
    return Math.max(1, this.#levels.length - 1)
  }

  level(number: number): readonly Run[] {
    return this.#levels[number] ?? []
  }

  /** Whether a run may have the row. Cheap, and not exact: what comes after all rows of its table is surely new. */
  mayHave(key: string): boolean {
    return key <= (this.#lasts.get(tableIdOf(key)) ?? '')
  }

  /** Keys that no new run of a sorted level reaches over: so there is a place for what is added at the end of a table. */
  get borders(): readonly string[] {
    return this.#appended.flat()
  }

  /**
   * Keys that come after all rows of their table, and for which the lowest level has a place: what is put there needs no
   * merge to be sorted, and never to be taken down. Ascending.
   */
  get ends(): readonly KeyRange[] {
    const ends = this.#appended.map(([from, to]): KeyRange => {
      const last = this.#lasts.get(tableIdOf(from))
      return [last === undefined ? from : `${last}\0`, to]
    })
    const lowest = this.level(this.lowest)
    // Runs of former versions reach over more than one table.
    return ends.filter(([from, to]) => !lowest.some(({ first, last }) => first < to && last >= from))
  }

  /** What the newest run with the row says of it. */
  find(key: string): { readonly value: RowState } | undefined {
    for (const run of this.level(0)) {
      const found = run.find(key)
      if (found !== undefined) return found
    }
    for (let number = 1; number < this.#levels.length; number++) {
      const found = runFor(this.level(number), key)?.find(key)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** Goes through all rows from `from` on, newest first where several runs have one. */
  cursors(from: string, keysOnly: boolean): readonly Cursor[] {
    const [newest = [], ...levels] = this.#levels
    return [
      ...newest.map((run) => new RunCursor(run, from, keysOnly)),
      ...levels.map((runs) => chain(runs, from, keysOnly)),
    ]
  }

  /** Keeps runs open that cursors read, until the function returned is called. */
  hold(): () => void {
    this.#readers++
    return () => {
      this.#readers--
      this.#closeGone()
    }
  }

  /** Takes runs in, and others out. */
  replace(gone: readonly RunInfo[], come: readonly Run[]): void {
    const numbers = new Set(gone.map(({ number }) => number))
    for (const [number, runs] of this.#levels.entries()) {
      this.#levels[number] = runs.filter(({ info }) => !numbers.has(info.number))
      this.#gone.push(...runs.filter(({ info }) => numbers.has(info.number)))
    }
    this.#closeGone()
    for (const run of come) this.#levelOf(run).push(run)
    this.#sort()
  }

  close(): void {
    for (const run of [...this.#gone, ...this.runs]) run.close()
    this.#gone = []
  }

  #closeGone(): void {
    if (this.#readers > 0) return
    for (const run of this.#gone) run.close()
    this.#gone = []
  }

  #levelOf({ info: { level } }: Run): Run[] {
    while (this.#levels.length <= level) this.#levels.push([])
    return this.#levels[level] ?? []
  }

  #sort(): void {
    this.#lasts.clear()
    for (const { lasts } of this.runs)
      for (const [tableId, last] of lasts)
        if (last > (this.#lasts.get(tableId) ?? '')) this.#lasts.set(tableId, last)
    for (const [number, runs] of this.#levels.entries())
      if (number === 0) runs.sort((a, b) => b.info.number - a.info.number)
      else runs.sort((a, b) => (a.first < b.first ? -1 : 1))
  }
}

/** The only run of a sorted level that may have the key. */
function runFor(runs: readonly Run[], key: string): Run | undefined {
  let low = 0
  let high = runs.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((runs[middle]?.last ?? '') < key) low = middle + 1
    else high = middle
  }
  return runs[low]
}

/** The rows of runs that follow each other, from `from` on, as if they were one. */
export function chain(runs: readonly Run[], from: string, keysOnly = false): Cursor {
  let place = runs.findIndex(({ last }) => last >= from)
  const open = (start: string) => {
    const run = place < 0 ? undefined : runs[place]
    return run && new RunCursor(run, start, keysOnly)
  }
  let cursor = open(from)
  return {
    get key() {
      return cursor?.key
    },
    value: () => cursor?.value(),
    isRemoved: () => cursor?.isRemoved() === true,
    next() {
      cursor?.next()
      if (cursor === undefined || cursor.key !== undefined) return
      place++
      cursor = open('')
    },
  }
}

export function merged(cursors: readonly Cursor[]): Cursor {
  const [only] = cursors
  return cursors.length === 1 && only !== undefined ? only : new MergeCursor(cursors)
}
