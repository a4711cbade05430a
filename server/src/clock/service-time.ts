import type { Clock } from './clock.ts'

/**
 * Service time: milliseconds that pass only while the service is up. Deadlines of registrations are kept on
 * it, so that a restart moves every deadline by exactly the downtime without rewriting one row, and a jump
 * of the wall clock expires nobody. (docs/adr/0003-service-time.md)
 *
 * It never decreases, also across restarts, and is close to the wall clock's scale but is not it: convert
 * with `toWallMs` before showing a deadline to anybody.
 */
export interface ServiceTime {
  /** The service time now, fractional milliseconds. */
  nowMs(): number
  /** The wall-clock time at which the service time will be `serviceMs` if the service stays up. */
  toWallMs(serviceMs: number): number
}

/** Service time that is `startMs` now and moves on with the monotonic clock, never with the wall clock. */
export function startServiceTime(clock: Clock, startMs: number): ServiceTime {
  const offsetMs = startMs - clock.monotonicMs()
  const nowMs = () => clock.monotonicMs() + offsetMs
  return { nowMs, toWallMs: (serviceMs) => clock.wallMs() + (serviceMs - nowMs()) }
}
