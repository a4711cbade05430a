import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleepReal } from 'node:timers/promises'
import type { Clock, Random } from './time.ts'

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

/** Calls `run` once the I/O callbacks of this turn of the event loop have run. No time passes. */
export function afterThisTurn(run: () => void): void {
  setImmediate(run)
}
