import { type RowChange, type Rows, TABLES, type Table } from '../../server/src/store/embedded/embedded.ts'

/**
 * A disk in memory for the store's embedded engine, whose processes can die and whose writes can fail or hang
 * when a test says so.
 */
export class FakeDisk {
  readonly #tables = new Map<Table, Map<string, Buffer>>(TABLES.map((table) => [table, new Map()]))
  /** What the next commits, and openings after a failure, reject with; `undefined`: they work. */
  failure: Error | undefined
  /** Whether failing commits reach the disk all the same. */
  failsAfterWriting = false
  /** Commits that were carried out. */
  commits: (readonly RowChange[])[] = []
  #gate: Promise<void> | undefined
  #openGate = () => {}

  /** From now on commits do not end before `release`. */
  hold(): void {
    this.#gate = new Promise((resolve) => {
      this.#openGate = resolve
    })
  }

  release(): void {
    this.#gate = undefined
    this.#openGate()
  }

  table(table: Table): Map<string, Buffer> {
    const rows = this.#tables.get(table)
    if (rows === undefined) throw new Error(`no table ${table}`)
    return rows
  }

  /** A process's view of the disk. `die` ends it: nothing of it reaches the disk any more. */
  open(): Rows & { die(): void } {
    let isDead = false
    const check = () => {
      if (this.failure !== undefined) throw this.failure
    }
    return {
      get: (table, key) => copy(this.table(table).get(nameOf(key))),
      scan: async (table, visit) => {
        for (const [name, value] of this.#sorted(table)) visit(Buffer.from(name, 'hex'), Buffer.from(value))
      },
      scanKeys: async (table, visit) => {
        for (const [name] of this.#sorted(table)) visit(Buffer.from(name, 'hex'))
      },
      commit: async (changes) => {
        await this.#gate
        if (isDead) return new Promise(() => {})
        if (this.failure === undefined || this.failsAfterWriting) this.#apply(changes)
        check()
      },
      reopen: async () => check(),
      close: async () => undefined,
      die: () => {
        isDead = true
      },
    }
  }

  #sorted(table: Table): readonly [string, Buffer][] {
    return [...this.table(table)].sort(([a], [b]) => (a < b ? -1 : 1))
  }

  #apply(changes: readonly RowChange[]): void {
    this.commits.push(changes)
    for (const { table, key, value } of changes) {
      if (value === undefined) this.table(table).delete(nameOf(key))
      else this.table(table).set(nameOf(key), Buffer.from(value))
    }
  }
}

function nameOf(key: Uint8Array): string {
  return Buffer.from(key).toString('hex')
}

function copy(value: Buffer | undefined): Buffer | undefined {
  return value && Buffer.from(value)
}
