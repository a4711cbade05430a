import { readDigits, writeDigits } from '../wire/digits.ts'

/** What the others in README.md were measured with: 300 bytes of JSON. */
const EVENT_BYTES = 300

const SEQUENCE_DIGITS = 10
const TIME_DIGITS = 18
const HEAD = '{"type":"BenchTickEvent","timestamp":"2011-12-03T10:15:30Z","text":"'
const TAIL = `","sentAtNs":"${'0'.repeat(TIME_DIGITS)}","sequence":"${'0'.repeat(SEQUENCE_DIGITS)}"}`
const TEXT = 'the quick brown fox jumps over the lazy dog '
  .repeat(10)
  .slice(0, EVENT_BYTES - HEAD.length - TAIL.length)

/** An event whose sequence number and time are still zero. */
export const EVENT = `${HEAD}${TEXT}${TAIL}`

// Counted from the event's end: the server may have put an `id` before.
const SEQUENCE_BEFORE_END = SEQUENCE_DIGITS + '"}'.length
const TIME_BEFORE_END = SEQUENCE_BEFORE_END + '","sequence":"'.length + TIME_DIGITS
const CONSTANT = Buffer.from(`${HEAD.slice(1)}${TEXT}`)
const CONSTANT_BEFORE_END = TAIL.length + CONSTANT.length

/** @param end of the event in `bytes` */
export function stampEvent(bytes: Buffer, end: number, sequence: number, sentAtNs: number): void {
  writeDigits(bytes, end - SEQUENCE_BEFORE_END, SEQUENCE_DIGITS, sequence)
  writeDigits(bytes, end - TIME_BEFORE_END, TIME_DIGITS, sentAtNs)
}

/** The sequence number of an event that arrived; `NaN` where a byte of what the sender wrote has changed. */
export function readSequence(bytes: Buffer, start: number, end: number): number {
  const from = end - CONSTANT_BEFORE_END
  const isIntact = from > start && CONSTANT.compare(bytes, from, from + CONSTANT.length) === 0
  return isIntact ? readDigits(bytes, end - SEQUENCE_BEFORE_END, SEQUENCE_DIGITS) : Number.NaN
}

export function readSentAtNs(bytes: Buffer, end: number): number {
  return readDigits(bytes, end - TIME_BEFORE_END, TIME_DIGITS)
}
