import { createHash } from 'node:crypto'
import type { Clock, Random, Timer } from '../../server/src/clock/clock.ts'

/** A clock that moves only when told to. */
export interface FakeClock extends Clock {
  /**
   * Moves both clocks on by `ms`, running what falls due in order, each at its own time. Before, between and
   * after, everything that can run without time passing (promises, I/O callbacks of this turn) gets to run.
   */
  advance(ms: number): Promise<void>
  /**
   * The process stands still for `ms`: time goes by without anything running. What fell due meanwhile runs at the end, a
   * periodic timer once.
   */
  stall(ms: number): Promise<void>
  /** Moves the wall clock alone, either way. */
  jumpWall(ms: number): void
  /** Timers that wait; for tests that nothing is left behind. */
  pending(): number
}

/** Past this a clock that ticks is not waited for at each tick, but once a second: days would take minutes. */
const LONG_MS = 3_600_000

type Pending = { dueAtMs: number; readonly order: number; readonly periodMs: number | undefined; run(): void }

/** A clock that stands at `wallMs` (default 2026-01-01T00:00:00Z) until it is advanced. */
export function createFakeClock({ wallMs = 1_767_225_600_000 }: { wallMs?: number } = {}): FakeClock {
  const timers = new Set<Pending>()
  let elapsedMs = 0
  let wallOffsetMs = wallMs
  let order = 0

  function add(delayMs: number, periodMs: number | undefined, run: () => void): Timer {
    const pending: Pending = { dueAtMs: elapsedMs + Math.max(0, delayMs), order: order++, periodMs, run }
    timers.add(pending)
    return { cancel: () => void timers.delete(pending) }
  }

  function fire(pending: Pending): void {
    elapsedMs = Math.max(elapsedMs, pending.dueAtMs)
    if (pending.periodMs === undefined) timers.delete(pending)
    else pending.dueAtMs += Math.max(1, pending.periodMs)
    pending.run()
  }

  return {
    wallMs: () => Math.floor(wallOffsetMs + elapsedMs),
    monotonicMs: () => elapsedMs,
    after: (delayMs, run) => add(delayMs, undefined, run),
    every: (periodMs, run) => add(periodMs, periodMs, run),
    sleep: (delayMs) => new Promise((resolve) => add(delayMs, undefined, resolve)),
    async advance(ms) {
      const untilMs = elapsedMs + ms
      let settledAtMs = elapsedMs
      await settle()
      for (let next = earliest(timers, untilMs); next !== undefined; next = earliest(timers, untilMs)) {
        fire(next)
        if (ms > LONG_MS && next.periodMs !== undefined && elapsedMs - settledAtMs < 1_000) continue
        settledAtMs = elapsedMs
        await settle()
      }
      elapsedMs = untilMs
    },
    async stall(ms) {
      await settle()
      elapsedMs += ms
      for (const timer of timers)
        if (timer.periodMs !== undefined) timer.dueAtMs = Math.max(timer.dueAtMs, elapsedMs)
      await this.advance(0)
      // As many turns as it takes to read what lies in a great many sockets.
      for (let round = 0; round < 3; round++) await settle()
    },
    jumpWall(ms) {
      wallOffsetMs += ms
    },
    pending: () => timers.size,
  }
}

function earliest(timers: Iterable<Pending>, untilMs: number): Pending | undefined {
  let first: Pending | undefined
  for (const timer of timers) {
    if (timer.dueAtMs > untilMs) continue
    const isEarlier =
      first === undefined ||
      timer.dueAtMs < first.dueAtMs ||
      (timer.dueAtMs === first.dueAtMs && timer.order < first.order)
    if (isEarlier) first = timer
  }
  return first
}

// Three turns: a callback of the first may schedule into the second, and so on; promises run in between.
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}

/** Lets a clock go on, a tenth of a second at a time, until what is waited for has happened. */
export async function inTime<T>(clock: FakeClock, wanted: Promise<T>): Promise<T> {
  let isOver = false
  const over = wanted.finally(() => {
    isOver = true
  })
  // Whoever waits for it hears of it once the clock was moved.
  over.catch(() => undefined)
  while (!isOver) await clock.advance(100)
  return over
}

/** Randomness that repeats itself for the same seed. For tests only: anybody can predict it. */
export function seededRandom(seed: number | string): Random {
  let block = 0
  let rest = Buffer.alloc(0)
  return {
    bytes(size) {
      while (rest.length < size) rest = Buffer.concat([rest, hashBlock(seed, block++)])
      const bytes = Buffer.from(rest.subarray(0, size))
      rest = rest.subarray(size)
      return bytes
    },
  }
}

function hashBlock(seed: number | string, block: number): Buffer {
  return createHash('sha256').update(`${seed}:${block}`).digest()
}
