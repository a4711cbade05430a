import { v7 } from 'uuid'
import type { Clock, Random } from './clock.ts'

/** Makes UUIDv7 strings (RFC 9562 §5.7): unique, and in the order of their making to the millisecond. */
export function uuidMaker(clock: Pick<Clock, 'wallMs'>, random: Random): () => string {
  return () => v7({ msecs: clock.wallMs(), random: random.bytes(16) })
}
