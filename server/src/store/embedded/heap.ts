/** A binary heap: takes values with a key in any order and gives them back smallest key first. */
export class Heap<T> {
  readonly #keys: number[] = []
  readonly #values: T[] = []

  get size(): number {
    return this.#keys.length
  }

  /** The smallest key; `Infinity` when empty. */
  get firstKey(): number {
    return this.#keys[0] ?? Number.POSITIVE_INFINITY
  }

  push(key: number, value: T): void {
    let index = this.#keys.length
    this.#keys.push(key)
    this.#values.push(value)
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (this.#keyAt(parent) <= key) break
      this.#swap(index, parent)
      index = parent
    }
  }

  /** Removes and returns the value with the smallest key. */
  pop(): T | undefined {
    const first = this.#values[0]
    this.#swap(0, this.#keys.length - 1)
    this.#keys.pop()
    this.#values.pop()
    this.#sink()
    return first
  }

  #sink(): void {
    let index = 0
    for (;;) {
      const left = 2 * index + 1
      const child = this.#keyAt(left + 1) < this.#keyAt(left) ? left + 1 : left
      if (this.#keyAt(index) <= this.#keyAt(child)) return
      this.#swap(index, child)
      index = child
    }
  }

  #keyAt(index: number): number {
    return this.#keys[index] ?? Number.POSITIVE_INFINITY
  }

  #swap(a: number, b: number): void {
    swap(this.#keys, a, b)
    swap(this.#values, a, b)
  }
}

function swap<V>(array: V[], a: number, b: number): void {
  const [first, second] = [array[a], array[b]]
  if (first === undefined || second === undefined || a === b) return
  array[a] = second
  array[b] = first
}
