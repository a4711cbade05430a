/** One of several, with its place among all. */
export type Placed<Item> = { readonly item: Item; readonly index: number }

/** Items by what they have in common, in their order. */
export function grouped<Item, Key>(
  items: readonly Item[],
  keyOf: (item: Item) => Key,
): ReadonlyMap<Key, readonly Placed<Item>[]> {
  const groups = new Map<Key, Placed<Item>[]>()
  for (const [index, item] of items.entries()) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [{ item, index }])
    else group.push({ item, index })
  }
  return groups
}
