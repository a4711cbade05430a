/** Bounded memory of what was found out about a key. Nothing is ever served for a key but its own. */
export interface BoundedCache<V> {
  get(key: string): V | undefined
  set(key: string, value: V): void
  clear(): void
  /** Entries held now. */
  size(): number
}

type Bounds = {
  /** What nobody has asked for so long may go although there is room, milliseconds. Default: never. */
  readonly idleMsMax?: number
  readonly nowMs?: () => number
  readonly entriesMax: number
  /** Length of all keys together. */
  readonly keyCharactersMax: number
}

/**
 * Makes a cache of two generations: when the young one is full it becomes the old one, and the old one is
 * dropped whole. What is used is carried over; each step takes constant time, however many there are.
 * A young one that is old enough gives way as well, or what is full after days would grow until then.
 */
export function createBoundedCache<V>({
  entriesMax,
  keyCharactersMax,
  idleMsMax = Number.POSITIVE_INFINITY,
  nowMs = () => 0,
}: Bounds): BoundedCache<V> {
  let young = new Map<string, V>()
  let old = new Map<string, V>()
  let youngCharacters = 0
  let youngSinceMs = nowMs()
  /** What was asked for last: one caller often comes again and again, and to hash a long key costs more than to compare it. */
  let lastKey: string | undefined
  let lastValue: V | undefined

  function set(key: string, value: V): void {
    lastKey = undefined
    const isFull = young.size >= entriesMax / 2 || youngCharacters + key.length > keyCharactersMax / 2
    const isOld = nowMs() - youngSinceMs >= idleMsMax
    if ((isFull || isOld) && !young.has(key)) {
      old = young
      young = new Map()
      youngCharacters = 0
      youngSinceMs = nowMs()
    }
    if (!young.has(key)) youngCharacters += key.length
    young.set(key, value)
  }

  function carryOver(key: string): V | undefined {
    const value = old.get(key)
    if (value !== undefined) set(key, value)
    return value
  }

  return {
    get(key) {
      if (key === lastKey) return lastValue
      const value = young.get(key) ?? carryOver(key)
      if (value === undefined) return undefined
      lastKey = key
      lastValue = value
      return value
    },
    set,
    clear() {
      young = new Map()
      old = new Map()
      youngCharacters = 0
      lastKey = undefined
    },
    size: () => young.size + old.size,
  }
}
