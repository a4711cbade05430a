import type { Clock } from './time.ts'

const LOOK_EVERY_MS = 1_000
/** By how much the wall clock may part from the monotonic one between two looks: it is steered by much less. */
export const JUMP_MS_MIN = 5_000

/**
 * Tells of each jump of the wall clock of more than five seconds, within a second of it.
 *
 * @param onJump by how much, milliseconds; negative: back
 * @returns stops watching. Idempotent
 */
export function watchWallJumps(clock: Clock, onJump: (byMs: number) => void): () => void {
  const offset = (): number => clock.wallMs() - clock.monotonicMs()
  let offsetMs = offset()
  const timer = clock.every(LOOK_EVERY_MS, () => {
    const byMs = offset() - offsetMs
    offsetMs += byMs
    if (Math.abs(byMs) > JUMP_MS_MIN) onJump(Math.round(byMs))
  })
  return () => timer.cancel()
}
