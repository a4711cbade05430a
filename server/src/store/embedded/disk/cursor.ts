import { checksum } from './checksum.ts'
import type { Memtable, RowState } from './memtable.ts'
import type { BlockKeys, Run } from './run.ts'

/** Goes through sorted rows. */
export interface Cursor {
  /** The row's key; `undefined` at the end. */
  readonly key: string | undefined
  /** The row's value, good until `next`; `undefined`: it was removed. */
  value(): RowState
  isRemoved(): boolean
  next(): void
}

/** The rows of a table in memory from `from` up to but not including `to`. */
export function memtableCursor(table: Memtable, from: string, to: string): Cursor {
  const keys = table.keys(from, to)
  let place = 0
  const look = () => table.find(keys[place] ?? '')?.value
  let value = look()
  return {
    get key() {
      return keys[place]
    },
    value: () => value,
    isRemoved: () => value === undefined,
    next() {
      place++
      value = look()
    },
  }
}

/** The rows of several that follow each other. */
export function inSequence(cursors: readonly Cursor[]): Cursor {
  let place = 0
  const skipEnded = () => {
    while (place < cursors.length && cursors[place]?.key === undefined) place++
  }
  skipEnded()
  return {
    get key() {
      return cursors[place]?.key
    },
    value: () => cursors[place]?.value(),
    isRemoved: () => cursors[place]?.isRemoved() === true,
    next() {
      cursors[place]?.next()
      skipEnded()
    },
  }
}

/** The rows of a run from `from` on. `keysOnly` reads no values, and `value` must not be called. */
export class RunCursor implements Cursor {
  readonly #run: Run
  readonly #keysOnly: boolean
  #block: number
  #keys: BlockKeys | undefined
  #values: Buffer = Buffer.alloc(0)
  #place = 0
  #valueStart = 0
  #key: string | undefined

  constructor(run: Run, from: string, keysOnly = false) {
    this.#run = run
    this.#keysOnly = keysOnly
    this.#block = run.blockFor(from)
    this.#load()
    while (this.#key !== undefined && this.#key < from) this.next()
  }

  get key(): string | undefined {
    return this.#key
  }

  isRemoved(): boolean {
    return this.#keys?.row(this.#place).isRemoved === true
  }

  value(): RowState {
    const row = this.#keys?.row(this.#place)
    if (row === undefined || row.isRemoved) return undefined
    const value = this.#values.subarray(this.#valueStart, this.#valueStart + row.valueBytes)
    if (checksum(value) === row.valueSum) return value
    const block = this.#run.blocks[this.#block]
    throw block === undefined ? new RangeError('no block') : this.#run.damage(block)
  }

  next(): void {
    if (this.#keys === undefined) return
    this.#valueStart += this.#keys.row(this.#place).valueBytes
    this.#place++
    if (this.#place < this.#keys.rows) this.#key = this.#keys.key(this.#place)
    else {
      this.#block++
      this.#load()
    }
  }

  #load(): void {
    const block = this.#run.blocks[this.#block]
    this.#place = 0
    this.#valueStart = 0
    this.#keys = undefined
    this.#key = undefined
    if (block === undefined) return
    if (this.#keysOnly) this.#keys = this.#run.readKeys(block)
    else {
      const { keys, values } = this.#run.readBlock(block)
      this.#keys = keys
      this.#values = values
    }
    this.#key = this.#keys.key(0)
  }
}

/** The rows of several, newest first: of a key that several have, what the first of them says. */
export class MergeCursor implements Cursor {
  readonly #cursors: readonly Cursor[]
  #current: Cursor | undefined
  key: string | undefined

  constructor(cursors: readonly Cursor[]) {
    this.#cursors = cursors
    this.#choose()
  }

  value(): RowState {
    return this.#current?.value()
  }

  isRemoved(): boolean {
    return this.#current?.isRemoved() === true
  }

  next(): void {
    const passed = this.key
    for (const cursor of this.#cursors) if (cursor.key === passed) cursor.next()
    this.#choose()
  }

  #choose(): void {
    this.#current = undefined
    this.key = undefined
    for (const cursor of this.#cursors) {
      const { key } = cursor
      if (key === undefined || (this.key !== undefined && key >= this.key)) continue
      this.key = key
      this.#current = cursor
    }
  }
}
