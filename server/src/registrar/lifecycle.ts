import { type Decision, dueAtMs, type Registration } from '../store/store.ts'

/**
 * Decides what a claimed registration needs now. Pure: the sweeper claims, this decides, the store writes.
 *
 * A late sweep goes straight to `expire`: a reminder after the deadline would invite a keepalive that must be
 * refused.
 */
export function nextStep(registration: Registration, nowMs: number): Decision['step'] {
  if (nowMs >= registration.expiresAtMs) return 'expire'
  return nowMs >= dueAtMs(registration) ? 'remind' : 'wait'
}
