import type { LifecycleEventType } from '@rollcall/protocol/lifecycle'

/** What memory knows of an entry on disk. */
export type IndexedEntry = {
  readonly sequence: number
  readonly type: LifecycleEventType
  readonly atWallMs: number
  readonly bytes: number
  /** The commit that holds it. */
  readonly commit: number
  /** Of a gap. */
  readonly gap: Gap | undefined
  /** Somebody has read it: it may have been sent. */
  isRead: boolean
  /** It is in the feed no more. */
  isGone: boolean
}

/** How many entries a gap stands for, and when the first of them was made. */
export type Gap = { readonly dropped: number; readonly fromWallMs: number }

/** Entries that are gone are cut away once there are so many, and no fewer than are left. */
const CUT_MIN = 256

/** One organization's part of the feed, oldest first. */
export class FeedIndex {
  #entries: IndexedEntry[] = []
  /** All before it are gone. */
  #head = 0
  #size = 0
  #gaps = 0
  #bytes = 0

  get size(): number {
    return this.#size
  }

  /** Without those that stand for what was dropped. */
  get changes(): number {
    return this.#size - this.#gaps
  }

  /** Of the same. */
  get bytes(): number {
    return this.#bytes
  }

  get oldest(): IndexedEntry | undefined {
    this.#skipGone()
    return this.#entries[this.#head]
  }

  get newestCommit(): number {
    return this.size === 0 ? 0 : (this.#entries.at(-1)?.commit ?? 0)
  }

  push(entry: IndexedEntry): void {
    this.#entries.push(entry)
    this.#count(entry, 1)
  }

  /** Takes one out, wherever it is. */
  remove(entry: IndexedEntry): void {
    if (entry.isGone) return
    entry.isGone = true
    this.#count(entry, -1)
    const gone = this.#entries.length - this.#size
    if (gone < CUT_MIN || gone < this.#size) return
    this.#entries = this.#entries.filter(({ isGone }) => !isGone)
    this.#head = 0
  }

  /** The oldest change, and the gap before it where there is one. */
  oldestChange(): { readonly change: IndexedEntry; readonly gap: IndexedEntry | undefined } | undefined {
    this.#skipGone()
    let gap: IndexedEntry | undefined
    for (let at = this.#head; at < this.#entries.length; at++) {
      const entry = this.#entries[at]
      if (entry === undefined || entry.isGone) continue
      if (entry.gap === undefined) return { change: entry, gap }
      gap = entry
    }
    return undefined
  }

  /** Puts an entry of the same sequence in the place of one. */
  replace(entry: IndexedEntry, by: IndexedEntry): void {
    this.#entries[this.#firstAfter(entry.sequence - 1)] = by
    entry.isGone = true
    this.#count(entry, -1)
    this.#count(by, 1)
  }

  /** Entries after `sequence`, at most `max`. */
  after(sequence: number, max: number): readonly IndexedEntry[] {
    const found: IndexedEntry[] = []
    for (let at = this.#firstAfter(sequence); at < this.#entries.length && found.length < max; at++) {
      const entry = this.#entries[at]
      if (entry !== undefined && !entry.isGone) found.push(entry)
    }
    return found
  }

  count(sequence: number, types: ReadonlySet<LifecycleEventType>): number {
    let count = 0
    for (let at = this.#firstAfter(sequence); at < this.#entries.length; at++) {
      const entry = this.#entries[at]
      if (entry !== undefined && !entry.isGone && types.has(entry.type)) count++
    }
    return count
  }

  #count({ bytes, gap }: IndexedEntry, by: 1 | -1): void {
    this.#size += by
    if (gap === undefined) this.#bytes += by * bytes
    else this.#gaps += by
  }

  #skipGone(): void {
    while (this.#entries[this.#head]?.isGone === true) this.#head++
  }

  #firstAfter(sequence: number): number {
    let low = 0
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#entries[middle]?.sequence ?? Number.POSITIVE_INFINITY) > sequence) high = middle
      else low = middle + 1
    }
    return low
  }
}
