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
