import type { Clock } from './time.ts'

const QUIET_MS = 60_000

/**
 * Lets each thing be said once a minute, however often it happens. Things are a closed list, never something that comes
 * from outside: each is remembered.
 */
export function onceAMinute(clock: Pick<Clock, 'monotonicMs'>): (what: string) => boolean {
  const saidAtMs = new Map<string, number>()
  return (what) => {
    const nowMs = clock.monotonicMs()
    if (nowMs - (saidAtMs.get(what) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return false
    saidAtMs.set(what, nowMs)
    return true
  }
}
