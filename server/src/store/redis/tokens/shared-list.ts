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
  const listeners = new Set<(change: ListChange<Item>) => void>()
  const tell = (change: ListChange<Item>): void => {
    for (const listener of listeners) listener(change)
  }
  return {
    async list() {
      const answer = await engine.functions.call('quick', 'list_read', CONTROL, [name])
      const rows = list(answer).map(list)
      const sorted = rows.sort((a, b) => number(a[3]) - number(b[3]))
      const now = Number(earliest(engine))
      const items = sorted.map((row) => toItem(readRow(row))).filter((item) => now < untilWallMs(item))
      return compare === undefined ? items : items.sort(compare)
    },
    async add(item) {
      const { rest, untilWallMs: until, notBeforeWallMs } = toRow(item)
      const times = [timeText(until), notBeforeWallMs, itemsMax, earliest(engine), replaces ? 1 : 0]
      const args = [name, keyOf(item), rest, ...times]
      const kept = await engine.functions.call('durable', 'list_add', CONTROL, args)
      if (kept === null) throw refused(tooMany)
      tell({ kind: 'added', item: toItem(readRow(list(kept))) })
    },
    async remove(keys) {
      await engine.functions.call('quick', 'list_remove', CONTROL, [name, ...keys])
      tell({ kind: 'removed', keys })
    },
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

function readRow([rest, untilWallMs, notBeforeWallMs]: readonly Answer[]): ListRow {
  const until = text(untilWallMs)
  return {
    rest: text(rest),
    untilWallMs: until === 'inf' ? Number.POSITIVE_INFINITY : Number(until),
    notBeforeWallMs: number(notBeforeWallMs),
  }
}

function timeText(wallMs: number): string {
  return wallMs === Number.POSITIVE_INFINITY ? 'inf' : String(wallMs)
}
