import { changeAt, visitChanges } from './commit-record.ts'
import { tableIdOf } from './row-key.ts'

/** A row's value; `undefined`: it was removed. */
export type RowState = Buffer | undefined

/** Whether an older part of the log, or a run, may have a row too. */
export type IsElsewhere = (key: string) => boolean

/**
 * The rows of one part of the log, by key: what is in no run yet. It holds the part's bytes, and of each row only
 * where in them it is.
 */
export class Memtable {
  readonly #bytes: Buffer
  /** Where the row's newest change begins. */
  readonly #changes = new Map<string, number>()
  readonly #removals: number[] = []

  /** @param bytes of the part, as far as they are written; the rest may come later */
  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** Rows of a table that were removed, without those that came and went here. */
  removals(tableId: number): number {
    return this.#removals[tableId] ?? 0
  }

  has(key: string): boolean {
    return this.#changes.has(key)
  }

  /** Takes up a record that was written to the part's file. */
  append(record: Buffer, position: number, changes: number, isElsewhere: IsElsewhere): void {
    this.#bytes.set(record, position)
    this.take(position, changes, isElsewhere)
  }

  /** Takes up the record at a place of the part. */
  take(position: number, changes: number, isElsewhere: IsElsewhere): void {
    visitChanges(this.#bytes, position, changes, (key, at, isRemoved) => {
      if (isRemoved) this.#remove(key, at, isElsewhere)
      else this.#changes.set(key, at)
    })
  }

  /** What the part says of a row; `undefined`: nothing. The value is a view, good as long as this is. */
  find(key: string): { readonly value: RowState } | undefined {
    const at = this.#changes.get(key)
    return at === undefined ? undefined : { value: changeAt(this.#bytes, at) }
  }

  /** Of a row that came and goes here nothing is left: most events are acknowledged before anything else happens. */
  #remove(key: string, at: number, isElsewhere: IsElsewhere): void {
    const isHere = this.#changes.has(key)
    if (isHere && !isElsewhere(key)) {
      this.#changes.delete(key)
      return
    }
    this.#changes.set(key, at)
    if (isHere) return
    const tableId = tableIdOf(key)
    this.#removals[tableId] = this.removals(tableId) + 1
  }

  /** The keys from `from` up to but not including `to`, sorted. */
  keys(from: string, to: string): readonly string[] {
    const keys: string[] = []
    for (const key of this.#changes.keys()) if (key >= from && key < to) keys.push(key)
    return keys.sort()
  }
}
