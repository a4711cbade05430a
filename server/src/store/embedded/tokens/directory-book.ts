import type { DirectoryChange, DirectoryContent, DirectoryStep } from '../../store.ts'
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
    const row = rows.get('meta', REVISION_KEY)
    if (row !== undefined) this.#revision = new FieldReader(row).number()
    await rows.scan('directory', (_key, value) => {
      const entry = new FieldReader(value)
      this.#entries.set(entry.text(), entry.bytes())
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
    this.#journal.put('meta', REVISION_KEY, encodeFields([this.#revision]))
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
    this.#journal.put('directory', digestKey(key), encodeFields([key, value]))
  }
}
