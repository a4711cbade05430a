import type { SendTerms } from '../ledger.ts'
import type { Stage } from './stage.ts'

/** One kind at a time, so that what is promised of each stays plain. */
export function chooseTerms({ dice, clock, step }: Pick<Stage, 'dice' | 'clock' | 'step'>): SendTerms {
  const roll = dice.roll(100)
  if (roll < 15) return { expiresAtWallMs: clock.wallMs() + 1000 * (1 + dice.roll(10)) }
  if (roll < 30) return { collapseKey: `collapse-${dice.roll(2)}` }
  if (roll < 50) return { cancelId: `cancel-${step}` }
  if (roll < 70) return { overId: `over-${step}` }
  return {}
}

/** As a request has them. */
export function termsInBody(
  { expiresAtWallMs, collapseKey, cancelId, overId }: SendTerms,
  event: object,
): object {
  const cancelling = (id: string | undefined) => ({ ...event, id, type: 'CallCancelledEvent' })
  return {
    ...(overId === undefined ? {} : { waitFor: 'answered', cancelOthers: { event: cancelling(overId) } }),
    ...(expiresAtWallMs === undefined ? {} : { expiresAt: new Date(expiresAtWallMs).toISOString() }),
    ...(collapseKey === undefined ? {} : { collapseKey }),
    ...(cancelId === undefined ? {} : { cancelOthers: { on: 'acknowledged', event: cancelling(cancelId) } }),
  }
}
