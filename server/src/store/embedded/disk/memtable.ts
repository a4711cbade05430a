import { changeAt, visitChanges } from './commit-record.ts'
import { tableIdOf } from './row-key.ts'

/** A row's value; `undefined`: it was removed. */
export type RowState = Buffer | undefined

/**
 * Takes a row that is removed out of all older parts of the log; `false`: one of them, or a run, goes on having it, and
 * has to be told.
 */
export type Forget = (key: string) => boolean

/**
 * The rows of one part of the log, by key: what is in no run yet. It holds the part's bytes, and of each row only
 * where in them it is.
 */
export class Memtable {
  readonly #bytes: Buffer
  /** Where the row's newest change begins. */
  readonly #changes = new Map<string, number>()
  readonly #removals: number[] = []
  #isFrozen = false

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
  append(record: Buffer, position: number, changes: number, forget: Forget): void {
    this.#bytes.set(record, position)
    this.take(position, changes, forget)
  }

  /** Takes up the record at a place of the part. */
  take(position: number, changes: number, forget: Forget): void {
    visitChanges(this.#bytes, position, changes, (key, at, isRemoved) => {
      if (isRemoved) this.#remove(key, at, forget)
      else this.#changes.set(key, at)
    })
  }

  /** What the part says of a row; `undefined`: nothing. The value is a view, good as long as this is. */
  find(key: string): { readonly value: RowState } | undefined {
    const at = this.#changes.get(key)
    return at === undefined ? undefined : { value: changeAt(this.#bytes, at) }
  }

  /**
   * Takes a row out, as if it had never come. `false`: that is too late, for the rows are being written to a run.
   */
  forget(key: string): boolean {
    if (!this.#changes.has(key)) return true
    if (this.#isFrozen) return false
    this.#changes.delete(key)
    return true
  }

  /** From now on no row is taken out: all become a run. */
  freeze(): void {
    this.#isFrozen = true
  }

  /** Of a row that no run has nothing is left: most events are acknowledged before anything else happens. */
  #remove(key: string, at: number, forget: Forget): void {
    const isHere = this.#changes.delete(key)
    if (forget(key)) return
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
