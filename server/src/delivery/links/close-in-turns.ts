import type { Clock } from '../../clock/clock.ts'
import type { LinkCloseReason } from './link.ts'
import type { Outbox } from './outbox.ts'

/** Links closed at once, and the shortest time until the next ones: their devices all come back. */
const CLOSED_AT_ONCE = 100
const CLOSE_PAUSE_MS = 10

export type InTurns = {
  /** Over how long they are closed at least, where they are many. Default: as fast as others can take their devices. */
  readonly overMs?: number
  /** Whether one is still to be closed when its turn has come. Default: all are. */
  readonly isStill?: (outbox: Outbox) => boolean
}

export function closeInTurns(
  outboxes: readonly Outbox[],
  reason: LinkCloseReason,
  clock: Pick<Clock, 'after'>,
  { overMs = 0, isStill = () => true }: InTurns = {},
): void {
  const turns = Math.ceil(outboxes.length / CLOSED_AT_ONCE)
  const pauseMs = Math.max(CLOSE_PAUSE_MS, overMs / turns)
  const close = (outbox: Outbox): void => {
    if (isStill(outbox)) outbox.link.close(reason)
  }
  for (const [at, outbox] of outboxes.entries()) {
    const delayMs = Math.floor(at / CLOSED_AT_ONCE) * pauseMs
    if (delayMs === 0) close(outbox)
    else clock.after(delayMs, () => close(outbox))
  }
}
