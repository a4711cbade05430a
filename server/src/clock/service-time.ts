import { HeardTime, type HeardTimeOptions } from './heard-time.ts'
import type { Clock } from './time.ts'
import { FollowedWall, type WallBounds } from './wall-bounds.ts'

/**
 * Service time: milliseconds that pass only while the service can hear and write. Deadlines of registrations are kept
 * on it, so that a restart moves every deadline by exactly the downtime without rewriting one row, and neither a jump
 * of the wall clock, nor a process that stood still, nor a disk that refused expires anybody.
 * (docs/adr/0003-service-time.md, docs/adr/0013-time-stands-still.md)
 *
 * It never decreases, also across restarts, and is close to the wall clock's scale but is not it: convert
 * with `toWallMs` before showing a deadline to anybody.
 */
export interface ServiceTime {
  /** The service time now, fractional milliseconds: deadlines are counted from it. */
  nowMs(): number
  /** The service time up to which everybody was heard, a moment ago: liveness is judged by it. */
  heardMs(): number
  /** The wall-clock time at which the service time will be `serviceMs` if the service stays up. */
  toWallMs(serviceMs: number): number
  /** How far the wall clock is believed: what must be remembered is kept by it. */
  readonly wall: WallBounds
}

/** Service time with its clockwork, which whoever started it stops. */
export type RunningServiceTime = ServiceTime & { close(): void }

/** Service time that moves on with the monotonic clock, as `HeardTime` says, never with the wall clock. */
export function startServiceTime(
  clock: Clock,
  options: HeardTimeOptions & {
    readonly startMs: number
    /** The wall clock's earliest time at the last heartbeat, where there was one. */
    readonly earliestWallMs?: number
  },
): RunningServiceTime {
  const time = new HeardTime(clock, options)
  const wall = new FollowedWall(clock, options.earliestWallMs)
  return {
    nowMs: () => time.nowMs(),
    heardMs: () => time.heardMs(),
    toWallMs: (serviceMs) => clock.wallMs() + (serviceMs - time.nowMs()),
    wall,
    close() {
      time.close()
      wall.close()
    },
  }
}
