import { applyMasks, type MaskSet } from '../masks/masks.ts'
import type { JsonObject } from './problems.ts'

/** An event as it is stored and shown: masked. Without masks it is kept as it was sent, and never comes here. */
export function maskedEvent(masks: MaskSet, event: JsonObject): Buffer {
  return Buffer.from(JSON.stringify(applyMasks(masks, event)))
}
