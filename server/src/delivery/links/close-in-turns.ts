import type { Clock } from '../../clock/clock.ts'
import type { LinkCloseReason } from './link.ts'
import type { Outbox } from './outbox.ts'

/** Links closed at once, and the time until the next ones: their devices all come back. */
const CLOSED_AT_ONCE = 100
const CLOSE_PAUSE_MS = 10

export function closeInTurns(
  outboxes: readonly Outbox[],
  reason: LinkCloseReason,
  clock: Pick<Clock, 'after'>,
): void {
  for (const [at, outbox] of outboxes.entries()) {
    const delayMs = Math.floor(at / CLOSED_AT_ONCE) * CLOSE_PAUSE_MS
    if (delayMs === 0) outbox.link.close(reason)
    else clock.after(delayMs, () => outbox.link.close(reason))
  }
}
