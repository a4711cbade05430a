/**
 * A row's value as a list of fields without names: numbers as 8-byte floats, texts and bytes with their length
 * in front. For the rows that are not written thousands of times a second.
 */
export function encodeFields(fields: readonly (number | string | Uint8Array)[]): Buffer {
  return Buffer.concat(fields.map(encodeField))
}

function encodeField(field: number | string | Uint8Array): Buffer {
  if (typeof field === 'number') {
    const number = Buffer.allocUnsafe(8)
    number.writeDoubleBE(field)
    return number
  }
  const bytes = Buffer.from(field)
  const length = Buffer.allocUnsafe(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** Reads fields in the order in which they were written. Throws `RangeError` on a row that is cut short. */
export class FieldReader {
  readonly #row: Buffer
  #offset = 0

  constructor(row: Uint8Array) {
    this.#row = asBuffer(row)
  }

  /** Whether all of it was read: where later versions write more, a row of an earlier one ends. */
  get isAtEnd(): boolean {
    return this.#offset >= this.#row.length
  }

  number(): number {
    const number = this.#row.readDoubleBE(this.#offset)
    this.#offset += 8
    return number
  }

  /** A copy: the row's own bytes may be reused. */
  bytes(): Buffer {
    const end = this.#offset + 4 + this.#row.readUInt32BE(this.#offset)
    if (end > this.#row.length) throw new RangeError('a row is cut short')
    const bytes = Buffer.from(this.#row.subarray(this.#offset + 4, end))
    this.#offset = end
    return bytes
  }

  text(): string {
    return this.bytes().toString('utf8')
  }
}

/** The same bytes as a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
