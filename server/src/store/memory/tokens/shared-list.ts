import { RollcallError } from '@rollcall/protocol/error-code'
import type { WallBounds } from '../../../clock/clock.ts'
import type { ListKind } from '../../list-kinds.ts'
import type { ListChange, SharedList } from '../../store.ts'
import { assertOpen, type Gate } from '../gate.ts'

export function memorySharedList<Item>(
  { keyOf, untilWallMs, merge, compare, itemsMax, tooMany }: ListKind<Item>,
  wall: WallBounds,
  gate: Gate,
): SharedList<Item> {
  const items = new Map<string, Item>()
  const listeners = new Set<(change: ListChange<Item>) => void>()
  const tell = (change: ListChange<Item>): void => {
    for (const listener of listeners) listener(change)
  }
  const isOver = (item: Item): boolean => wall.earliestMs() >= untilWallMs(item)
  return {
    async list() {
      assertOpen(gate)
      const listed = [...items.values()].filter((item) => !isOver(item))
      return compare === undefined ? listed : listed.sort(compare)
    },
    async add(item) {
      assertOpen(gate)
      for (const [key, other] of items) if (isOver(other)) items.delete(key)
      const key = keyOf(item)
      const known = items.get(key)
      if (known === undefined && items.size >= itemsMax) throw new RollcallError('unavailable', tooMany)
      const kept = known === undefined ? item : merge(known, item)
      items.set(key, kept)
      tell({ kind: 'added', item: kept })
    },
    async remove(keys) {
      assertOpen(gate)
      for (const key of keys) items.delete(key)
      tell({ kind: 'removed', keys })
    },
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
