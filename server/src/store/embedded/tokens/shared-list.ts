import { RollcallError } from '@rollcall/protocol/error-code'
import type { ListKind } from '../../list-kinds.ts'
import type { ListChange, SharedList } from '../../store.ts'
import type { Journal } from '../journal/journal.ts'
import { Rounds } from '../rounds.ts'
import type { Rows, Table } from '../rows.ts'

/** How the items of a list are written. */
export type ListRows<Item> = {
  readonly table: Table
  rowKey(key: string): Uint8Array
  encode(item: Item): Uint8Array
  decode(row: Uint8Array): Item
}

/** A shared list in memory and on disk. */
export class SharedListBook<Item> {
  readonly #kind: ListKind<Item>
  readonly #rows: ListRows<Item>
  readonly #journal: Journal
  readonly #items = new Map<string, Item>()
  readonly #rounds = new Rounds(this.#items)
  readonly #listeners = new Set<(change: ListChange<Item>) => void>()

  constructor(kind: ListKind<Item>, rows: ListRows<Item>, journal: Journal) {
    this.#kind = kind
    this.#rows = rows
    this.#journal = journal
  }

  async load(rows: Rows): Promise<void> {
    await rows.scan(this.#rows.table, (_key, value) => {
      const item = this.#rows.decode(value)
      this.#items.set(this.#kind.keyOf(item), item)
    })
  }

  list(nowWallMs: number): readonly Item[] {
    const { compare, untilWallMs } = this.#kind
    const listed = [...this.#items.values()].filter((item) => nowWallMs < untilWallMs(item))
    return compare === undefined ? listed : listed.sort(compare)
  }

  add(item: Item): void {
    const { keyOf, merge, itemsMax, tooMany } = this.#kind
    const key = keyOf(item)
    const known = this.#items.get(key)
    if (known === undefined && this.#items.size >= itemsMax) throw new RollcallError('unavailable', tooMany)
    const kept = known === undefined ? item : merge(known, item)
    this.#items.set(key, kept)
    this.#journal.put(this.#rows.table, this.#rows.rowKey(key), this.#rows.encode(kept))
    this.#tell({ kind: 'added', item: kept })
  }

  remove(keys: readonly string[]): void {
    for (const key of keys) this.#drop(key)
    this.#tell({ kind: 'removed', keys })
  }

  /** Drops those whose time is over among the next `max`, going round. */
  prune(nowWallMs: number, max: number): void {
    for (const [key, item] of this.#rounds.next(max))
      if (nowWallMs >= this.#kind.untilWallMs(item)) this.#drop(key)
  }

  listen(listener: (change: ListChange<Item>) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #drop(key: string): void {
    if (this.#items.delete(key)) this.#journal.remove(this.#rows.table, this.#rows.rowKey(key))
  }

  #tell(change: ListChange<Item>): void {
    for (const listener of this.#listeners) listener(change)
  }
}

export function embeddedSharedList<Item>(
  book: SharedListBook<Item>,
  journal: Journal,
  earliestWallMs: () => number,
): SharedList<Item> {
  return {
    async list() {
      journal.assertOpen()
      return book.list(earliestWallMs())
    },
    async add(item) {
      journal.assertWritable()
      book.add(item)
      await journal.durable()
    },
    async remove(keys) {
      journal.assertOpen()
      book.remove(keys)
    },
    onChange: (listener) => book.listen(listener),
  }
}
