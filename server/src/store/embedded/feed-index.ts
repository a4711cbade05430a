import type { LifecycleEventType } from '@rollcall/protocol/lifecycle'

/** What memory knows of an entry on disk. */
export type IndexedEntry = {
  readonly sequence: number
  readonly type: LifecycleEventType
  readonly bytes: number
  /** The journal batch that holds it. */
  readonly batch: number
}

/** Entries taken off the front are cut away once there are so many, and no fewer than are left. */
const CUT_MIN = 256

/** One organization's part of the feed, oldest first. */
export class FeedIndex {
  #entries: IndexedEntry[] = []
  #head = 0
  #bytes = 0

  get size(): number {
    return this.#entries.length - this.#head
  }

  get bytes(): number {
    return this.#bytes
  }

  get oldest(): IndexedEntry | undefined {
    return this.#entries[this.#head]
  }

  get newestBatch(): number {
    return this.size === 0 ? 0 : (this.#entries.at(-1)?.batch ?? 0)
  }

  push(entry: IndexedEntry): void {
    this.#entries.push(entry)
    this.#bytes += entry.bytes
  }

  shift(): IndexedEntry | undefined {
    const entry = this.oldest
    if (entry === undefined) return undefined
    this.#head++
    this.#bytes -= entry.bytes
    if (this.#head >= CUT_MIN && this.#head >= this.size) {
      this.#entries = this.#entries.slice(this.#head)
      this.#head = 0
    }
    return entry
  }

  /** Entries after `sequence`, at most `max`. */
  after(sequence: number, max: number): readonly IndexedEntry[] {
    const from = this.#firstAfter(sequence)
    return this.#entries.slice(from, from + max)
  }

  count(sequence: number, types: ReadonlySet<LifecycleEventType>): number {
    let count = 0
    for (let at = this.#firstAfter(sequence); at < this.#entries.length; at++) {
      const type = this.#entries[at]?.type
      if (type !== undefined && types.has(type)) count++
    }
    return count
  }

  #firstAfter(sequence: number): number {
    let low = this.#head
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#entries[middle]?.sequence ?? Number.POSITIVE_INFINITY) > sequence) high = middle
      else low = middle + 1
    }
    return low
  }
}
