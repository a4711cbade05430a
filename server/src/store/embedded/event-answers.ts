import type { Answered } from '../store.ts'
import { encodeFields, FieldReader } from './fields.ts'
import { numberKey, readRegistrationId } from './keys.ts'
import type { RowChange, Rows } from './rows.ts'

/** Who answered the events of the history first. Few have an answer: memory knows which, and the rest is on disk. */
export class EventAnswers {
  readonly #rows: Rows
  /** Bytes of the row, by record. */
  readonly #bytes = new Map<number, number>()

  /** Of earlier records nothing is kept any more. */
  #oldestRecordId: number

  constructor(rows: Rows, oldestRecordId: number) {
    this.#rows = rows
    this.#oldestRecordId = oldestRecordId
  }

  /** To be called once, before everything else. */
  async load(): Promise<void> {
    await this.#rows.scan(
      'eventAnswers',
      (key, value) => void this.#bytes.set(readRegistrationId(key), value.byteLength),
    )
  }

  /** Returns the row to write; `undefined`: the record is gone. */
  add(recordId: number, answered: Answered): (RowChange & { readonly value: Buffer }) | undefined {
    if (recordId < this.#oldestRecordId) return undefined
    const value = encode(answered)
    this.#bytes.set(recordId, value.byteLength)
    return { table: 'eventAnswers', key: numberKey(recordId), value }
  }

  /** `undefined`: nobody has answered it, as far as the disk knows. */
  of(recordId: number): Answered | undefined {
    const row = this.#bytes.has(recordId) ? this.#rows.get('eventAnswers', numberKey(recordId)) : undefined
    return row && decode(row)
  }

  /** Forgets the answers of some records in a row: how many bytes that were, and the rows to remove. */
  forget(firstRecordId: number, records: number): { readonly bytes: number; readonly changes: RowChange[] } {
    const changes: RowChange[] = []
    let bytes = 0
    this.#oldestRecordId = firstRecordId + records
    for (
      let recordId = firstRecordId;
      this.#bytes.size > 0 && recordId < firstRecordId + records;
      recordId++
    ) {
      const known = this.#bytes.get(recordId)
      if (known === undefined) continue
      this.#bytes.delete(recordId)
      bytes += known
      changes.push({ table: 'eventAnswers', key: numberKey(recordId), value: undefined })
    }
    return { bytes, changes }
  }
}

function encode({ userEndpointId, atWallMs, answer }: Answered): Buffer {
  return encodeFields([userEndpointId, atWallMs, ...(answer === undefined ? [] : [answer])])
}

function decode(value: Uint8Array): Answered {
  const row = new FieldReader(value)
  const answered = { userEndpointId: row.text(), atWallMs: row.number() }
  return row.isAtEnd ? answered : { ...answered, answer: row.bytes() }
}
