import { encodeFields, FieldReader } from '../fields.ts'
import type { Journal } from '../journal/journal.ts'
import type { Rows } from '../rows.ts'

export const FEED_SEQUENCE_KEY = Buffer.from('feedSequence')
/** Sequences reserved at a time: what was reserved and not used when the process ends is skipped. */
const RESERVED = 1_000

/** Makes the sequences of the feed: ascending, and none ever twice, also across restarts. */
export class FeedSequences {
  readonly #journal: Journal
  #next: number
  #reservedUntil: number

  constructor(journal: Journal, rows: Rows) {
    this.#journal = journal
    const row = rows.get('meta', FEED_SEQUENCE_KEY)
    this.#next = row === undefined ? 1 : new FieldReader(row).number()
    this.#reservedUntil = this.#next
  }

  /** The one before the next. */
  get newest(): number {
    return this.#next - 1
  }

  /** Reserves with the changes that the journal takes now, which hold what the sequence is used for. */
  next(): number {
    if (this.#next === this.#reservedUntil) {
      this.#reservedUntil += RESERVED
      const { table, key, value } = feedSequenceChange(this.#reservedUntil)
      this.#journal.put(table, key, value)
    }
    return this.#next++
  }
}

/** Where a start goes on: at this sequence. */
export function feedSequenceChange(next: number) {
  return { table: 'meta', key: FEED_SEQUENCE_KEY, value: encodeFields([next]) } as const
}
