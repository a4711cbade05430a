import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleepReal } from 'node:timers/promises'

/** A pending call. `cancel` is idempotent, and does nothing once the call was made. */
export type Timer = { cancel(): void }

/**
 * Time, handed to everything that needs it. Two clocks that are never mixed: the wall clock may jump and is
 * for what people and tokens read; the monotonic one only moves forward and is for every duration.
 */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. May jump either way. */
  wallMs(): number
  /** Milliseconds since an arbitrary start, fractional. Never decreases. */
  monotonicMs(): number
  /** Calls `run` once, at least `delayMs` from now. Does not keep the process alive. */
  after(delayMs: number, run: () => void): Timer
  /** Calls `run` every `periodMs`, the first time one period from now. Does not keep the process alive. */
  every(periodMs: number, run: () => void): Timer
  /** Resolves at least `delayMs` from now. */
  sleep(delayMs: number): Promise<void>
}

/** Randomness, handed to everything that needs it, so that a simulation can repeat itself. */
export interface Random {
  /** `size` unpredictable bytes. */
  bytes(size: number): Buffer
}

/** The machine's own clock. */
export function systemClock(): Clock {
  return {
    wallMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    after(delayMs, run) {
      const timeout = setTimeout(run, delayMs)
      timeout.unref()
      return { cancel: () => clearTimeout(timeout) }
    },
    every(periodMs, run) {
      const interval = setInterval(run, periodMs)
      interval.unref()
      return { cancel: () => clearInterval(interval) }
    },
    sleep: (delayMs) => sleepReal(delayMs),
  }
}

/** Bytes asked of the operating system at a time: asking costs 2 µs, whatever the amount. */
const POOL_BYTES = 4096

/** The operating system's randomness. No byte is handed out twice. */
export function systemRandom(): Random {
  let pool = Buffer.alloc(0)
  return {
    bytes(size) {
      if (size > POOL_BYTES) return randomBytes(size)
      if (size > pool.length) pool = randomBytes(POOL_BYTES)
      const bytes = pool.subarray(0, size)
      pool = pool.subarray(size)
      return bytes
    },
  }
}

export { HeardTime, type Standstill } from './heard-time.ts'
export { onceAMinute } from './seldom.ts'
export { type RunningServiceTime, type ServiceTime, startServiceTime } from './service-time.ts'
export { uuidAt, uuidMaker, uuidTimeMs } from './uuid.ts'
export { FollowedWall, type WallBounds } from './wall-bounds.ts'
export { watchWallJumps } from './wall-jumps.ts'

/** Calls `run` once the I/O callbacks of this turn of the event loop have run. No time passes. */
export function afterThisTurn(run: () => void): void {
  setImmediate(run)
}
