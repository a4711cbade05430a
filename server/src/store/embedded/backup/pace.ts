import type { Clock } from '../../../clock/clock.ts'

/** Shorter than it is worth to wait, milliseconds. */
const WAIT_MIN_MS = 10

/** Waits, after so many bytes, until they may have been copied. */
export type Pace = (bytes: number) => Promise<void>

/** @param bytesPerSecond more than 0; what was not used up before is not made up for */
export function paceOf(clock: Pick<Clock, 'monotonicMs' | 'sleep'>, bytesPerSecond: number): Pace {
  let dueMs = clock.monotonicMs()
  return async (bytes) => {
    const nowMs = clock.monotonicMs()
    dueMs = Math.max(dueMs, nowMs) + (bytes / bytesPerSecond) * 1000
    if (dueMs - nowMs >= WAIT_MIN_MS) await clock.sleep(dueMs - nowMs)
  }
}
