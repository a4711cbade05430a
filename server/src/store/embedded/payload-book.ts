import { payloadKey, readPayloadKey } from './keys.ts'
import type { RowChange, Rows } from './rows.ts'

/** Bytes that it must save to write a payload once and let its entries refer to it: less is not worth a row of its own. */
const SAVED_BYTES_MIN = 4_096

/** Whether so many entries of an event share one copy of its payload. */
export function isShared(payloadBytes: number, entries: number): boolean {
  return (entries - 1) * payloadBytes >= SAVED_BYTES_MIN
}

type Shared = { readonly firstSequence: number; readonly entries: number; left: number }

/**
 * Which entries share the row of their payload, and how many of each are left. The entries of one append have
 * sequences one after the other, which are in the key of the row that they share: so a start need not read any
 * payload to know.
 */
export class PayloadBook {
  readonly #bySequence = new Map<number, Shared>()

  /** Adds what these entries share; returns the key of its row. */
  add(firstSequence: number, entries: number): Uint8Array {
    const shared = { firstSequence, entries, left: entries }
    for (let index = 0; index < entries; index++) this.#bySequence.set(firstSequence + index, shared)
    return payloadKey(firstSequence, entries)
  }

  /** Key of the row that an entry shares; `undefined`: its payload is in its own. */
  keyOf(sequence: number): Uint8Array | undefined {
    // Nearly always empty: then it costs nothing.
    const shared = this.#bySequence.size === 0 ? undefined : this.#bySequence.get(sequence)
    return shared && payloadKey(shared.firstSequence, shared.entries)
  }

  /** An entry has ended. Returns the key of the row that nobody needs any more. */
  release(sequence: number): Uint8Array | undefined {
    const shared = this.#bySequence.size === 0 ? undefined : this.#bySequence.get(sequence)
    if (shared === undefined) return undefined
    this.#bySequence.delete(sequence)
    shared.left--
    return shared.left === 0 ? payloadKey(shared.firstSequence, shared.entries) : undefined
  }

  /** An entry was found on disk. */
  restore(sequence: number, shared: Shared): void {
    shared.left++
    this.#bySequence.set(sequence, shared)
  }
}

/** Reads the book, told of each entry in ascending order. */
export class PayloadLoader {
  readonly book = new PayloadBook()
  readonly #shared: readonly Shared[]
  #next = 0

  private constructor(shared: readonly Shared[]) {
    this.#shared = shared
  }

  static async open(rows: Rows): Promise<PayloadLoader> {
    const shared: Shared[] = []
    await rows.scanKeys('payloads', (key) => shared.push({ ...readPayloadKey(key), left: 0 }))
    return new PayloadLoader(shared)
  }

  found(sequence: number): void {
    let shared = this.#shared[this.#next]
    while (shared !== undefined && shared.firstSequence + shared.entries <= sequence)
      shared = this.#shared[++this.#next]
    if (shared !== undefined && shared.firstSequence <= sequence) this.book.restore(sequence, shared)
  }

  /** Takes away what no entry refers to. */
  orphans(): readonly RowChange[] {
    return this.#shared
      .filter(({ left }) => left === 0)
      .map(({ firstSequence, entries }) => {
        return { table: 'payloads', key: payloadKey(firstSequence, entries), value: undefined }
      })
  }
}
