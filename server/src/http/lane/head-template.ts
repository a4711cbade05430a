import type { LaneHead } from './request-head.ts'

const ZERO = 0x30
const DIGITS_MAX = 6

/**
 * The head of a connection's last request. Most clients say the same each time, but for the length of the body: to
 * compare bytes costs a twentieth of reading them.
 */
export class HeadTemplate {
  readonly head: LaneHead
  readonly #before: Buffer
  readonly #after: Buffer
  /** Of the head that `matches` has just found; bytes. */
  headBytes = 0
  bodyBytes = 0

  /** @param bytes that begin with the head and its empty line, which are `headBytes` */
  constructor(head: LaneHead, bytes: Buffer, headBytes: number) {
    this.head = head
    // Copies: what was read with it is not held for as long as the connection lasts.
    this.#before = Buffer.from(bytes.subarray(0, head.lengthAt))
    this.#after = Buffer.from(bytes.subarray(head.lengthAt + head.lengthDigits, headBytes))
  }

  /** Whether the bytes begin with the same head, whatever its content length is. */
  matches(bytes: Buffer): boolean {
    const before = this.#before
    const after = this.#after
    if (bytes.length <= before.length + after.length) return false
    if (before.compare(bytes, 0, before.length) !== 0) return false
    let at = before.length
    let length = 0
    for (; at < before.length + DIGITS_MAX; at++) {
      const digit = (bytes[at] ?? 0) - ZERO
      if (digit < 0 || digit > 9 || (length === 0 && digit === 0)) break
      length = length * 10 + digit
    }
    if (length === 0 || length > this.head.bodyBytesMax || bytes.length < at + after.length) return false
    if (after.compare(bytes, at, at + after.length) !== 0) return false
    this.headBytes = at + after.length
    this.bodyBytes = length
    return true
  }
}
