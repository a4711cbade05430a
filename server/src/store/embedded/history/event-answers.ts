import type { Answered } from '../../store.ts'
import { encodeFields, FieldReader } from '../fields.ts'
import { numberKey, readNumberKey } from '../keys.ts'
import type { RowChange, Rows } from '../rows.ts'
import { NOBODY } from './history-owners.ts'

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

  /**
   * To be called once, before everything else.
   *
   * @param tell is told of each, and whose it is
   */
  async load(tell: (recordId: number, bytes: number, organizationId: string) => void): Promise<void> {
    await this.#rows.scan('eventAnswers', (key, value) => {
      const recordId = readNumberKey(key)
      this.#bytes.set(recordId, value.byteLength)
      tell(recordId, value.byteLength, decode(value).organizationId)
    })
  }

  /** What the answer to a record takes, bytes; 0: there is none. */
  bytesOf(recordId: number): number {
    return this.#bytes.get(recordId) ?? 0
  }

  /** Returns the row to write; `undefined`: the record is gone. */
  add(
    organizationId: string,
    recordId: number,
    answered: Answered,
  ): (RowChange & { readonly value: Buffer }) | undefined {
    if (recordId < this.#oldestRecordId) return undefined
    const value = encode(organizationId, answered)
    this.#bytes.set(recordId, value.byteLength)
    return { table: 'eventAnswers', key: numberKey(recordId), value }
  }

  /** `undefined`: nobody has answered it, as far as the disk knows. */
  of(recordId: number): Answered | undefined {
    const row = this.#bytes.has(recordId) ? this.#rows.get('eventAnswers', numberKey(recordId)) : undefined
    return row && decode(row).answered
  }

  /** Forgets the answers of all records below an id: how many bytes that were, and the rows to remove. */
  forgetBelow(firstRecordId: number, endRecordId: number): Forgotten {
    this.#oldestRecordId = Math.max(this.#oldestRecordId, endRecordId)
    return this.forget(firstRecordId, endRecordId)
  }

  /**
   * Forgets the answers of the records from one id to below another.
   *
   * @param isGone which of them; default: all
   */
  forget(firstRecordId: number, endRecordId: number, isGone = (_: number): boolean => true): Forgotten {
    const changes: RowChange[] = []
    let bytes = 0
    for (let recordId = firstRecordId; this.#bytes.size > 0 && recordId < endRecordId; recordId++) {
      const known = this.#bytes.get(recordId)
      if (known === undefined || !isGone(recordId)) continue
      this.#bytes.delete(recordId)
      bytes += known
      changes.push({ table: 'eventAnswers', key: numberKey(recordId), value: undefined })
    }
    return { bytes, changes }
  }
}

type Forgotten = { readonly bytes: number; readonly changes: readonly RowChange[] }

/** Former versions ended with the answer, or before it where there was none: it is never empty. */
function encode(organizationId: string, { userEndpointId, atWallMs, answer }: Answered): Buffer {
  return encodeFields([userEndpointId, atWallMs, answer ?? '', organizationId])
}

function decode(value: Uint8Array): { readonly answered: Answered; readonly organizationId: string } {
  const row = new FieldReader(value)
  const answered = { userEndpointId: row.text(), atWallMs: row.number() }
  const answer = row.isAtEnd ? Buffer.alloc(0) : row.bytes()
  const organizationId = row.isAtEnd ? NOBODY : row.text()
  return { answered: answer.length === 0 ? answered : { ...answered, answer }, organizationId }
}
