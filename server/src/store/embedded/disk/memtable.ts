import { changeAt, keyAt, tableIdAt, visitChanges } from './commit-record.ts'
import { tableIdOf } from './row-key.ts'
import { RowPlaces } from './row-places.ts'

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
  readonly #changes: RowPlaces
  readonly #removals: number[] = []
  #isFrozen = false
  #isLent = false

  /** @param bytes of the part, as far as they are written; the rest may come later */
  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.#changes = new RowPlaces(bytes)
  }

  /** Rows of a table that were removed, without those that came and went here. */
  removals(tableId: number): number {
    return this.#removals[tableId] ?? 0
  }

  has(key: string): boolean {
    return this.#changes.find(key) >= 0
  }

  /** Takes up a record that was written to the part's file. */
  append(record: Buffer, position: number, changes: number, forget: Forget): void {
    this.#bytes.set(record, position)
    this.take(position, changes, forget)
  }

  /** Takes up the record at a place of the part. */
  take(position: number, changes: number, forget: Forget): void {
    visitChanges(this.#bytes, position, changes, (place, isRemoved) => {
      if (isRemoved) this.#remove(place, forget)
      else this.#changes.set(place)
    })
  }

  /** What the part says of a row; `undefined`: nothing. The value is a view, good as long as this is. */
  find(key: string): { readonly value: RowState } | undefined {
    const at = this.#changes.find(key)
    return at < 0 ? undefined : { value: changeAt(this.#bytes, at) }
  }

  /**
   * Takes a row out, as if it had never come. `false`: that is too late, for the rows are being written to a run.
   */
  forget(key: string): boolean {
    if (this.#isFrozen) return !this.has(key)
    this.#changes.remove(key)
    return true
  }

  /** Somebody goes through its rows, in more than one turn, and may keep values of them. */
  lend(): void {
    this.#isLent = true
  }

  /** Its bytes, for whoever has use for them after it; `undefined`: somebody may have values in them still. */
  get memory(): Buffer | undefined {
    return this.#isLent ? undefined : this.#bytes
  }

  /** From now on no row is taken out: all become a run. */
  freeze(): void {
    this.#isFrozen = true
  }

  /** Of a row that no run has nothing is left: most events are acknowledged before anything else happens. */
  #remove(at: number, forget: Forget): void {
    const key = keyAt(this.#bytes, at)
    const isHere = this.#changes.removeAt(at)
    if (forget(key)) return
    this.#changes.set(at)
    if (isHere) return
    const tableId = tableIdOf(key)
    this.#removals[tableId] = this.removals(tableId) + 1
  }

  /** The keys from `from` up to but not including `to`, sorted. */
  keys(from: string, to: string): readonly string[] {
    const keys: string[] = []
    // A start goes through one table after the other: no text is made of the others' keys.
    const [firstId, lastId] = [from === '' ? 0 : tableIdOf(from), tableIdOf(to)]
    for (const at of this.#changes.all()) {
      const tableId = tableIdAt(this.#bytes, at)
      if (tableId < firstId || tableId > lastId) continue
      const key = keyAt(this.#bytes, at)
      if (key >= from && key < to) keys.push(key)
    }
    return keys.sort()
  }
}
