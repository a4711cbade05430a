import type { Clock } from '../../clock/clock.ts'
import type { Member } from './sessions.ts'

/** Time between two portions, milliseconds. */
const STEP_MS = 100

/**
 * Closes all sessions, in equal portions over `seconds`, so that their clients do not all come back at the
 * same moment. Resolves when the last was told.
 */
export async function drainSessions(
  sessions: readonly Member[],
  seconds: number,
  clock: Pick<Clock, 'sleep'>,
): Promise<void> {
  const steps = Math.max(1, Math.round((seconds * 1000) / STEP_MS))
  let closed = 0
  for (let step = 1; step <= steps; step++) {
    const until = Math.ceil((sessions.length * step) / steps)
    for (const session of sessions.slice(closed, until)) session.close('draining')
    closed = until
    if (closed < sessions.length) await clock.sleep(STEP_MS)
  }
}
