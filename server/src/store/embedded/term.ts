import { asBuffer } from './bytes.ts'
import { encodeFields, FieldReader } from './fields.ts'
import type { RegistrationRecord } from './record.ts'

/** `heapIndex` of a term that is not in the index of what is due. */
export const NOT_DUE = -1

export type TermValues = {
  /** `Infinity`: it has no time of its own. */
  readonly expiresAtWallMs: number
  /** Empty: none. */
  readonly collapseKey: string
  /** The race that it is part of: see `term-book.ts`. 0: none. */
  readonly raceId: number
}

/**
 * On which terms an entry waits in a mailbox. Only entries with some have one, in memory and as a row of its own,
 * so that a plain event pays nothing and a start need not read the mailboxes.
 */
export class Term implements TermValues {
  readonly record: RegistrationRecord
  readonly sequence: number
  readonly payloadBytes: number
  readonly expiresAtWallMs: number
  readonly collapseKey: string
  readonly raceId: number
  /** When to look at it: later than its end while it is in flight. */
  dueAtWallMs: number
  heapIndex = NOT_DUE

  constructor(record: RegistrationRecord, sequence: number, payloadBytes: number, values: TermValues) {
    this.record = record
    this.sequence = sequence
    this.payloadBytes = payloadBytes
    this.expiresAtWallMs = values.expiresAtWallMs
    this.collapseKey = values.collapseKey
    this.raceId = values.raceId
    this.dueAtWallMs = values.expiresAtWallMs
  }
}

export function encodeTerm({ expiresAtWallMs, collapseKey, raceId }: TermValues): Buffer {
  return encodeFields([expiresAtWallMs, raceId, collapseKey])
}

/** The value of a row; its key is that of the entry in `mailbox`. */
export function decodeTerm(value: Uint8Array): TermValues {
  const row = new FieldReader(asBuffer(value))
  return { expiresAtWallMs: row.number(), raceId: row.number(), collapseKey: row.text() }
}
