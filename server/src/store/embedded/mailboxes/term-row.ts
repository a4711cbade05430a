import { asBuffer, encodeFields, FieldReader } from '../fields.ts'

export type TermValues = {
  /** `Infinity`: it has no time of its own. */
  readonly expiresAtWallMs: number
  /** Empty: none. */
  readonly collapseKey: string
  /** The race that it is part of: see `term-book.ts`. 0: none. */
  readonly raceId: number
}

export function encodeTerm({ expiresAtWallMs, collapseKey, raceId }: TermValues): Buffer {
  return encodeFields([expiresAtWallMs, raceId, collapseKey])
}

/** The value of a row; its key is that of the entry in `mailbox`. */
export function decodeTerm(value: Uint8Array): TermValues {
  const row = new FieldReader(asBuffer(value))
  return { expiresAtWallMs: row.number(), raceId: row.number(), collapseKey: row.text() }
}
