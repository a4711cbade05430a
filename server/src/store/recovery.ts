/**
 * The end of a time in which the service could not be reached, on service time: a stop, a process that stood still, a
 * disk that refused. Whoever lived at `fromMs` is given a full period from `toMs`, and not less than `leastMs`: nobody
 * knows what they tried to say meanwhile. (docs/adr/0013-time-stands-still.md)
 */
export type Recovery = { readonly fromMs: number; readonly toMs: number; readonly leastMs: number }

/** What everybody has left at least after a start, milliseconds: clients come back with pauses of up to half a minute. */
export const LEAST_AFTER_START_MS = 60_000

/** A deadline with every recovery since it was set taken into account, in their order. */
export function liftDeadline(expiresAtMs: number, periodMs: number, recoveries: readonly Recovery[]): number {
  let deadlineMs = expiresAtMs
  for (const { fromMs, toMs, leastMs } of recoveries)
    if (deadlineMs > fromMs) deadlineMs = Math.max(deadlineMs, toMs + Math.max(periodMs, leastMs))
  return deadlineMs
}
