import type { Principal } from '../auth/auth.ts'
import type { Limits } from '../limits/limits.ts'
import { applyMasks, createMaskWork, type MaskSet, type MaskWork } from '../masks/masks.ts'
import type { Metrics } from '../observe/observe.ts'
import type { JsonObject } from '../parse/parse.ts'

export type MaskBill = {
  readonly quotas: Pick<Limits, 'work' | 'shedding'>
  readonly metrics: Pick<Metrics, 'masksTook'>
}

/** A step of the masks' work, milliseconds of processor time. */
const STEP_MS = 0.000_01
/** Steps that come with each event: its rate is limited, and what most masks take is less than all the rest. */
const STEPS_FREE = 10_000
/** Masks times bytes of what they are held against, past which nobody knows beforehand what it takes. */
const DEAR_FROM = 65_536

/**
 * Does something with masks, tells what they took, and has the caller pay for it, refused or not.
 *
 * @throws RateLimited where the caller has not paid off what it had before
 * @throws RollcallError `unavailable` while the server is overloaded
 */
export function withMasks<T>(
  { quotas, metrics }: MaskBill,
  principal: Principal,
  apply: (work: MaskWork) => T,
): T {
  quotas.shedding.admit('masks')
  quotas.work.admit(principal)
  const work = createMaskWork()
  try {
    return apply(work)
  } finally {
    metrics.masksTook(work.taken)
    if (work.taken > STEPS_FREE) quotas.work.spend(principal, work.taken * STEP_MS)
  }
}

/** Whether it should wait for its caller's turn: for the little that most masks take that would be dearer. */
export function areDear(masks: readonly string[], eventBytes: number): boolean {
  return masks.length > 0 && masks.length * eventBytes >= DEAR_FROM
}

/** An event as it is stored and shown: masked. Without masks it is kept as it was sent, and never comes here. */
export function maskedEvent(masks: MaskSet, event: JsonObject): Buffer {
  return Buffer.from(JSON.stringify(applyMasks(masks, event)))
}
