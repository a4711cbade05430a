import { v7 } from 'uuid'
import type { Clock, Random } from './time.ts'

/** Makes UUIDv7 strings (RFC 9562 §5.7): unique, and in the order of their making to the millisecond. */
export function uuidMaker(clock: Pick<Clock, 'wallMs'>, random: Random): () => string {
  return () => uuidAt(clock.wallMs(), random)
}

/** The UUIDv7 of a given moment, whole milliseconds. */
export function uuidAt(wallMs: number, random: Random): string {
  return textOf(v7({ msecs: wallMs, random: random.bytes(UUID_BYTES) }, UUID))
}

const UUID_BYTES = 16
/** Written anew for each, so that nothing but the text is made: every event gets one. */
const UUID = new Uint8Array(UUID_BYTES)
const TEXT = Buffer.from('00000000-0000-0000-0000-000000000000')
const HEX = Buffer.from('0123456789abcdef')
/** Where the two digits of each byte stand. */
const PLACES = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34]

/** RFC 9562 §4. */
function textOf(uuid: Uint8Array): string {
  for (let index = 0; index < UUID_BYTES; index++) {
    const byte = uuid[index] ?? 0
    const place = PLACES[index] ?? 0
    TEXT[place] = HEX[byte >> 4] ?? 0
    TEXT[place + 1] = HEX[byte & 15] ?? 0
  }
  return TEXT.toString('latin1')
}

const UUID_V7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** When a UUIDv7 was made, to the millisecond; `undefined` for what is none. */
export function uuidTimeMs(uuid: string): number | undefined {
  const [, high, low] = UUID_V7.exec(uuid) ?? []
  return high === undefined || low === undefined ? undefined : Number.parseInt(high + low, 16)
}
