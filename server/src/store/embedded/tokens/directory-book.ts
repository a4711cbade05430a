import type { DirectoryChange, DirectoryContent, DirectoryEntry, DirectoryStep } from '../../store.ts'
import { encodeFields, FieldReader } from '../fields.ts'
import type { Journal } from '../journal/journal.ts'
import { digestKey } from '../keys.ts'
import type { Rows } from '../rows.ts'

const REVISION_KEY = Buffer.from('directoryRevision')

/** The directory in memory and on disk: each entry a row, and its revision one. */
export class DirectoryBook {
  readonly #journal: Journal
  readonly #entries = new Map<string, Uint8Array>()
  readonly #listeners = new Set<(step: DirectoryStep) => void>()
  #revision = 0

  constructor(journal: Journal) {
    this.#journal = journal
  }

  async load(rows: Rows): Promise<void> {
    this.#revision = readRevision(rows)
    await rows.scan('directory', (_key, row) => {
      const { key, value } = decodeDirectoryEntry(row)
      this.#entries.set(key, value)
    })
  }

  get content(): DirectoryContent {
    return { revision: this.#revision, entries: [...this.#entries].map(([key, value]) => ({ key, value })) }
  }

  /** Returns whether it was at that revision. */
  change(revision: number, changes: readonly DirectoryChange[]): boolean {
    if (revision !== this.#revision) return false
    this.#revision++
    for (const change of changes) this.#carryOut(change)
    const { table, key, value } = revisionChange(this.#revision)
    this.#journal.put(table, key, value)
    for (const listener of this.#listeners) listener({ revision: this.#revision, changes })
    return true
  }

  listen(listener: (step: DirectoryStep) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Nothing in it ends by itself. */
  prune(): void {}

  #carryOut({ key, value }: DirectoryChange): void {
    if (value === undefined) {
      if (this.#entries.delete(key)) this.#journal.remove('directory', digestKey(key))
      return
    }
    this.#entries.set(key, Uint8Array.from(value))
    const row = directoryRow({ key, value })
    this.#journal.put(row.table, row.key, row.value)
  }
}

/** 0: nobody has written any. */
export function readRevision(rows: Pick<Rows, 'get'>): number {
  const row = rows.get('meta', REVISION_KEY)
  return row === undefined ? 0 : new FieldReader(row).number()
}

export function revisionChange(revision: number) {
  return { table: 'meta', key: REVISION_KEY, value: encodeFields([revision]) } as const
}

export function directoryRow({ key, value }: DirectoryEntry) {
  return { table: 'directory', key: digestKey(key), value: encodeFields([key, value]) } as const
}

export function decodeDirectoryEntry(row: Uint8Array): DirectoryEntry {
  const entry = new FieldReader(row)
  return { key: entry.text(), value: entry.bytes() }
}
