/** Goes round a map again and again, a few entries at a time; the map may change in between. */
export class Rounds<K, V> {
  readonly #map: ReadonlyMap<K, V>
  #iterator: IterableIterator<[K, V]>

  constructor(map: ReadonlyMap<K, V>) {
    this.#map = map
    this.#iterator = map.entries()
  }

  /** The next `max` entries; fewer at the end of a round. */
  next(max: number): readonly [K, V][] {
    const entries: [K, V][] = []
    while (entries.length < max) {
      const step = this.#iterator.next()
      if (step.done === true) {
        this.#iterator = this.#map.entries()
        break
      }
      entries.push(step.value)
    }
    return entries
  }
}
