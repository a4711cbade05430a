/** The terms on which an entry waits, as far as its mailbox looks at them. */
type Termed = { readonly sequence: number }

/** The tag of an entry that nobody has looked at since the start: its event is known to its row only. */
export const UNKNOWN_TAG = -1

/** A small number for an event's id, by which memory tells events apart (FNV-1a). */
export function tagOf(eventId: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < eventId.length; index++)
    hash = Math.imul(hash ^ eventId.charCodeAt(index), 0x01000193)
  return hash & 0x3fffffff
}

/**
 * What memory knows of a mailbox: which sequences wait, how big their payloads are, and, in a number each, of which events
 * they are. The payloads are on disk. Sequences ascend, so that finding one is a binary search.
 */
export class Mailbox<Term extends Termed> {
  readonly #sequences: number[]
  readonly #sizes: number[]
  /** Of each entry's event. */
  readonly #tags: number[]
  #bytes: number
  /** The commit that holds the newest entry: before that is durable, nothing is read. */
  newestCommit = 0
  /** Of those entries that have terms. Absent while none has. */
  #terms: Map<number, Term> | undefined

  /** With its first entry: most never have another, and lists that begin empty take room for many. */
  constructor(sequence: number, payloadBytes: number, tag: number) {
    this.#sequences = [sequence]
    this.#sizes = [payloadBytes]
    this.#tags = [tag]
    this.#bytes = payloadBytes
  }

  get depth(): number {
    return this.#sequences.length
  }

  /** Sequence of the newest entry, 0 where there is none. */
  get newest(): number {
    return this.#sequences.at(-1) ?? 0
  }

  /** Payload bytes in all. */
  get bytes(): number {
    return this.#bytes
  }

  hasRoom(payloadBytes: number, eventsMax: number, bytesMax: number): boolean {
    return this.#sequences.length < eventsMax && this.#bytes + payloadBytes <= bytesMax
  }

  /** Adds an entry; `sequence` is above all that are here. */
  append(sequence: number, payloadBytes: number, tag: number): void {
    this.#sequences.push(sequence)
    this.#sizes.push(payloadBytes)
    this.#tags.push(tag)
    this.#bytes += payloadBytes
  }

  /** Removes an entry and returns its payload size; `undefined` when it is not here. */
  remove(sequence: number): number | undefined {
    const index = this.#firstAtLeast(sequence)
    if (this.#sequences[index] !== sequence) return undefined
    const size = this.#sizes[index] ?? 0
    takeOut(this.#sequences, index)
    takeOut(this.#sizes, index)
    takeOut(this.#tags, index)
    this.#bytes -= size
    this.#terms?.delete(sequence)
    return size
  }

  has(sequence: number): boolean {
    return this.#sequences[this.#firstAtLeast(sequence)] === sequence
  }

  /** Of the entry's event; `undefined` when the entry is not here. */
  tagOf(sequence: number): number | undefined {
    const index = this.#firstAtLeast(sequence)
    return this.#sequences[index] === sequence ? this.#tags[index] : undefined
  }

  /** The event of an entry that was there at the start was read. */
  learnTag(sequence: number, tag: number): void {
    const index = this.#firstAtLeast(sequence)
    if (this.#sequences[index] === sequence) this.#tags[index] = tag
  }

  termOf(sequence: number): Term | undefined {
    return this.#terms?.get(sequence)
  }

  setTerm(term: Term): void {
    this.#terms ??= new Map()
    this.#terms.set(term.sequence, term)
  }

  terms(): Iterable<Term> {
    return this.#terms?.values() ?? []
  }

  /** The next entries after a sequence: at most `entriesMax`, within `bytesMax` unless the first is larger. */
  *after(
    sequence: number,
    entriesMax: number,
    bytesMax: number,
  ): Generator<{ sequence: number; size: number }> {
    let bytes = 0
    const start = this.#firstAtLeast(sequence + 1)
    for (let index = start; index < this.#sequences.length && index - start < entriesMax; index++) {
      const size = this.#sizes[index] ?? 0
      bytes += size
      if (index > start && bytes > bytesMax) return
      yield { sequence: this.#sequences[index] ?? 0, size }
    }
  }

  #firstAtLeast(sequence: number): number {
    let low = 0
    let high = this.#sequences.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#sequences[middle] ?? 0) < sequence) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** `splice` makes a list of what it takes out, which nobody wants of the last. */
function takeOut(column: number[], index: number): void {
  if (index === column.length - 1) column.pop()
  else column.splice(index, 1)
}
