import type { Clock } from '../../server/src/clock/clock.ts'
import type { RowChange, Rows, Table } from '../../server/src/store/embedded/embedded.ts'
import type { Dice } from './dice.ts'

type Pending = {
  readonly changes: readonly RowChange[]
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** What survives when the process dies, and everything that was ever asked to be written. */
export class Disk {
  readonly #tables = new Map<Table, Map<string, Buffer>>()
  /** Commits fail while set. */
  failing = false
  /** Called for each commit that failed. */
  onRefused = (): void => undefined
  readonly #inspect: (change: RowChange) => void

  constructor(inspect: (change: RowChange) => void) {
    this.#inspect = inspect
  }

  table(table: Table): Map<string, Buffer> {
    const known = this.#tables.get(table)
    if (known !== undefined) return known
    const rows = new Map<string, Buffer>()
    this.#tables.set(table, rows)
    return rows
  }

  apply(changes: readonly RowChange[]): void {
    for (const change of changes) {
      this.#inspect(change)
      const name = Buffer.from(change.key).toString('hex')
      if (change.value === undefined) this.table(change.table).delete(name)
      else this.table(change.table).set(name, Buffer.from(change.value))
    }
  }
}

/**
 * A process's open files on a disk. A commit takes some milliseconds; when the process dies before its end, it
 * was carried out whole or not at all, and nobody knows which.
 */
export class CrashingRows implements Rows {
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #dice: Dice
  #pending: Pending | undefined
  #isDead = false

  constructor(disk: Disk, clock: Clock, dice: Dice) {
    this.#disk = disk
    this.#clock = clock
    this.#dice = dice
  }

  get(table: Table, key: Uint8Array): Uint8Array | undefined {
    const row = this.#disk.table(table).get(Buffer.from(key).toString('hex'))
    return row === undefined ? undefined : Buffer.from(row)
  }

  async scan(table: Table, visit: (key: Uint8Array, value: Uint8Array) => void): Promise<void> {
    const rows = [...this.#disk.table(table)].sort(([a], [b]) => (a < b ? -1 : 1))
    for (const [name, value] of rows) visit(Buffer.from(name, 'hex'), Buffer.from(value))
  }

  scanKeys(table: Table, visit: (key: Uint8Array) => void): Promise<void> {
    return this.scan(table, visit)
  }

  commit(changes: readonly RowChange[]): Promise<void> {
    if (this.#pending !== undefined) throw new Error('a commit began before the last one ended')
    return new Promise((resolve, reject) => {
      if (this.#isDead) return
      this.#pending = { changes, resolve, reject }
      this.#clock.after(this.#dice.roll(20), () => this.#finish())
    })
  }

  #finish(): void {
    const pending = this.#pending
    if (pending === undefined || this.#isDead) return
    this.#pending = undefined
    // A failed commit may have reached the disk all the same.
    if (!this.#disk.failing || this.#dice.chance(30)) this.#disk.apply(pending.changes)
    if (this.#disk.failing) {
      this.#disk.onRefused()
      pending.reject(new Error('EIO'))
    } else pending.resolve()
  }

  /** The process dies: what was being written is on disk or not, and no promise is ever settled again. */
  crash(): void {
    this.#isDead = true
    if (this.#pending !== undefined && this.#dice.chance(50)) this.#disk.apply(this.#pending.changes)
    this.#pending = undefined
  }

  async reopen(): Promise<void> {
    if (this.#disk.failing) throw new Error('EIO')
  }

  async close(): Promise<void> {
    this.#isDead = true
  }
}
