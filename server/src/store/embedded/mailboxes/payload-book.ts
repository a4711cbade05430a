import { payloadKey, readPayloadKey } from '../keys.ts'
import type { RowChange, Rows } from '../rows.ts'

/** Bytes that it must save to write a payload once and let its entries refer to it: less is not worth a row of its own. */
const SAVED_BYTES_MIN = 4_096

/** Whether so many entries of an event share one copy of its payload. */
export function isShared(payloadBytes: number, entries: number): boolean {
  return (entries - 1) * payloadBytes >= SAVED_BYTES_MIN
}

/** Whose a payload is, and how large. */
export type PayloadOwner = { readonly organizationId: string; readonly payloadBytes: number }

type Shared = PayloadOwner & { readonly firstSequence: number; readonly entries: number; left: number }

/**
 * Which entries share the row of their payload, and how many of each are left. The entries of one append have
 * sequences one after the other, which are in the key of the row that they share: so a start need not read any
 * payload to know.
 */
export class PayloadBook {
  readonly #bySequence = new Map<number, Shared>()
  readonly #saved = new Map<string, number>()
  #savedByAll = 0
  /** Restored last: its entries are found one after the other. */
  #last: Shared | undefined

  /** Bytes that entries of an organization, or of all, do not take because others have them already. */
  savedBytes(organizationId: string | undefined): number {
    return organizationId === undefined ? this.#savedByAll : (this.#saved.get(organizationId) ?? 0)
  }

  /** Adds what these entries share; returns the key of its row. */
  add(firstSequence: number, entries: number, owner: PayloadOwner): Uint8Array {
    const shared = { ...owner, firstSequence, entries, left: 0 }
    for (let index = 0; index < entries; index++) this.#join(firstSequence + index, shared)
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
    if (shared.left > 0) this.#save(shared, -shared.payloadBytes)
    return shared.left === 0 ? payloadKey(shared.firstSequence, shared.entries) : undefined
  }

  /** An entry was found on disk that shares this one. */
  restore(sequence: number, firstSequence: number, entries: number, owner: PayloadOwner): void {
    const known = this.#last?.firstSequence === firstSequence ? this.#last : undefined
    this.#last = known ?? { ...owner, firstSequence, entries, left: 0 }
    this.#join(sequence, this.#last)
  }

  #join(sequence: number, shared: Shared): void {
    if (shared.left > 0) this.#save(shared, shared.payloadBytes)
    shared.left++
    this.#bySequence.set(sequence, shared)
  }

  #save({ organizationId }: Shared, bytes: number): void {
    const saved = (this.#saved.get(organizationId) ?? 0) + bytes
    if (saved === 0) this.#saved.delete(organizationId)
    else this.#saved.set(organizationId, saved)
    this.#savedByAll += bytes
  }
}

type Row = { readonly firstSequence: number; readonly entries: number; isNeeded: boolean }

/** Reads the book, told of each entry in ascending order. */
export class PayloadLoader {
  readonly book = new PayloadBook()
  readonly #rows: readonly Row[]
  #next = 0

  private constructor(rows: readonly Row[]) {
    this.#rows = rows
  }

  static async open(rows: Rows): Promise<PayloadLoader> {
    const found: Row[] = []
    await rows.scanKeys('payloads', (key) => found.push({ ...readPayloadKey(key), isNeeded: false }))
    return new PayloadLoader(found)
  }

  found(sequence: number, owner: PayloadOwner): void {
    let row = this.#rows[this.#next]
    while (row !== undefined && row.firstSequence + row.entries <= sequence) row = this.#rows[++this.#next]
    if (row === undefined || row.firstSequence > sequence) return
    row.isNeeded = true
    this.book.restore(sequence, row.firstSequence, row.entries, owner)
  }

  /** Takes away what no entry refers to. */
  orphans(): readonly RowChange[] {
    return this.#rows
      .filter(({ isNeeded }) => !isNeeded)
      .map(({ firstSequence, entries }) => {
        return { table: 'payloads', key: payloadKey(firstSequence, entries), value: undefined }
      })
  }
}
