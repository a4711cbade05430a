import type { ListKind } from '../../list-kinds.ts'
import type { ListChange, SharedList } from '../../store.ts'
import { list, number, text } from '../connection/answers.ts'
import { CONTROL } from '../connection/partitions.ts'
import { refused } from '../connection/refusals.ts'
import type { Answer } from '../connection/wire.ts'
import { type Engine, earliest } from '../engine.ts'

/** How the items of a list are written: the times of which the later counts, and the rest. */
export type ListRows<Item> = {
  readonly name: string
  /** A new item takes the place of the one with its key as it is. */
  readonly replaces: boolean
  toRow(item: Item): ListRow
  toItem(row: ListRow): Item
}

export type ListRow = {
  readonly rest: string
  readonly untilWallMs: number
  readonly notBeforeWallMs: number
}

export function redisSharedList<Item>(
  engine: Engine,
  { keyOf, compare, untilWallMs, itemsMax, tooMany }: ListKind<Item>,
  { name, replaces, toRow, toItem }: ListRows<Item>,
): SharedList<Item> {
  const { functions, changes } = engine
  const told = new ToldItems<Item>(keyOf)
  const readAll = async (): Promise<readonly Item[]> => {
    const answer = await functions.call('quick', 'list_read', CONTROL, [name])
    const rows = list(answer).map(list)
    const sorted = rows.sort((a, b) => number(a[3]) - number(b[3]))
    const now = Number(earliest(engine))
    const items = sorted.map((row) => toItem(readRow(row))).filter((item) => now < untilWallMs(item))
    return compare === undefined ? items : items.sort(compare)
  }
  changes.watch(name, {
    onChanged(_revision, rows) {
      for (const [key, row] of rows)
        if (row === null) told.removed([text(key)])
        else told.added(toItem(readRow(list(row))))
    },
    onMissed: async () => told.isNow(await readAll()),
  })
  return {
    async list() {
      const items = await readAll()
      told.handedOver(items)
      return items
    },
    async add(item) {
      const { rest, untilWallMs: until, notBeforeWallMs } = toRow(item)
      const times = [timeText(until), notBeforeWallMs, itemsMax, earliest(engine), replaces ? 1 : 0]
      const args = [name, keyOf(item), rest, ...times]
      // Told as soon as others may hear of it, so that nobody hears of it twice.
      const kept = await functions.call('durable', 'list_add', CONTROL, args, (row) => {
        if (row === null) return
        changes.own(number(list(row)[3]))
        told.added(toItem(readRow(list(row))))
      })
      if (kept === null) throw refused(tooMany)
    },
    async remove(keys) {
      const change = await functions.call('quick', 'list_remove', CONTROL, [name, ...keys])
      changes.own(number(change))
      told.removed(keys)
    },
    onChange: (listener) => told.listen(listener),
  }
}

/** What whoever holds the list knows of it, so that after changes of which nobody was told it hears what is gone. */
class ToldItems<Item> {
  readonly #keyOf: (item: Item) => string
  readonly #listeners = new Set<(change: ListChange<Item>) => void>()
  #keys = new Set<string>()

  constructor(keyOf: (item: Item) => string) {
    this.#keyOf = keyOf
  }

  listen(listener: (change: ListChange<Item>) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  handedOver(items: readonly Item[]): void {
    for (const item of items) this.#keys.add(this.#keyOf(item))
  }

  added(item: Item): void {
    this.#keys.add(this.#keyOf(item))
    this.#tell({ kind: 'added', item })
  }

  removed(keys: readonly string[]): void {
    for (const key of keys) this.#keys.delete(key)
    this.#tell({ kind: 'removed', keys })
  }

  isNow(items: readonly Item[]): void {
    const keys = new Set(items.map(this.#keyOf))
    const gone = [...this.#keys].filter((key) => !keys.has(key))
    if (gone.length > 0) this.removed(gone)
    for (const item of items) this.added(item)
  }

  #tell(change: ListChange<Item>): void {
    for (const listener of this.#listeners) listener(change)
  }
}

export function readRow([rest, untilWallMs, notBeforeWallMs]: readonly Answer[]): ListRow {
  const until = text(untilWallMs)
  return {
    rest: text(rest),
    untilWallMs: until === 'inf' ? Number.POSITIVE_INFINITY : Number(until),
    notBeforeWallMs: number(notBeforeWallMs),
  }
}

export function timeText(wallMs: number): string {
  return wallMs === Number.POSITIVE_INFINITY ? 'inf' : String(wallMs)
}
