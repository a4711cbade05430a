import { v7 } from 'uuid'
import type { Clock, Random } from './time.ts'

/** Makes UUIDv7 strings (RFC 9562 §5.7): unique, and in the order of their making to the millisecond. */
export function uuidMaker(clock: Pick<Clock, 'wallMs'>, random: Random): () => string {
  return () => uuidAt(clock.wallMs(), random)
}

/** The UUIDv7 of a given moment, whole milliseconds. */
export function uuidAt(wallMs: number, random: Random): string {
  return v7({ msecs: wallMs, random: random.bytes(16) })
}

const UUID_V7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** When a UUIDv7 was made, to the millisecond; `undefined` for what is none. */
export function uuidTimeMs(uuid: string): number | undefined {
  const [, high, low] = UUID_V7.exec(uuid) ?? []
  return high === undefined || low === undefined ? undefined : Number.parseInt(high + low, 16)
}
