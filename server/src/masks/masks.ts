import { RollcallError } from '@rollcall/protocol/error-code'
import { MASK_CHARACTERS_MAX, MASK_DEPTH_MAX, MASKS_MAX } from '@rollcall/protocol/limits'
import { Marks, type MaskLength, maskedCopy } from './copy.ts'
import { MaskSyntaxError } from './cursor.ts'
import { isDeeperThan, type JsonValue, type Key } from './json.ts'
import { readMask } from './parse.ts'
import type { Path } from './path.ts'
import type { Location } from './search.ts'
import { Evaluation } from './select.ts'
import { Work, WorkExhausted } from './work.ts'

export type { MaskLength } from './copy.ts'
export type { JsonValue } from './json.ts'
export { createSealer, keyIdIn, type Sealer } from './seal.ts'
export { loadSealingKey, readFormerKey, SEALING_KEY_FILE } from './sealing-key.ts'
export type { Tags } from './tags.ts'

/** A tenth of a second at the very worst, whatever masks and events are made of. */
const WORK_STEPS_MAX = 5_000_000

/**
 * What the masks of one request may take together: to be read, and on its event and every other in it. `taken` is what
 * they have taken until now, in steps of some ten nanoseconds: the same for the same masks and events, on any machine.
 */
export function createMaskWork(): MaskWork {
  return new Work(WORK_STEPS_MAX)
}

export type MaskWork = Work

export type MaskOptions = {
  /** Default `kept`. */
  readonly length?: MaskLength
  /** Default: one of their own. */
  readonly work?: MaskWork
}

/** The masks of one request, parsed. */
export type MaskSet = {
  readonly paths: readonly Path[]
  /** What they make of a text. */
  readonly length: MaskLength
  readonly work: MaskWork
}

/**
 * Parses the masks of a sendEvent: Jayway's JsonPath, as `docs/masks.md` says.
 *
 * @throws RollcallError `invalid_mask`, whose field `masks` tells which mask, where and what was expected; the
 *   mask's own text is not in it
 */
export function parseMasks(masks: readonly string[], options: MaskOptions = {}): MaskSet {
  if (masks.length > MASKS_MAX) throw invalidMask(`expected at most ${MASKS_MAX} masks`)
  const { length = 'kept', work = createMaskWork() } = options
  const paths = new Map<string, readonly Path[]>()
  for (const [index, mask] of masks.entries()) {
    if (!paths.has(mask)) paths.set(mask, parseMask(mask, index, work))
  }
  return { paths: [...paths.values()].flat(), length, work }
}

function parseMask(mask: string, index: number, work: MaskWork): readonly Path[] {
  if (mask.length > MASK_CHARACTERS_MAX)
    throw invalidMask(`masks[${index}]: expected at most ${MASK_CHARACTERS_MAX} characters`)
  try {
    return readMask(mask, work)
  } catch (error) {
    if (error instanceof WorkExhausted)
      throw invalidMask(`masks[${index}]: expected fewer or smaller regular expressions in all masks`)
    if (!(error instanceof MaskSyntaxError)) throw error
    throw invalidMask(`masks[${index}], position ${error.position}: ${error.message}`)
  }
}

function invalidMask(why: string): RollcallError {
  return new RollcallError('invalid_mask', undefined, { fields: [['masks', why]] })
}

/**
 * A deep copy of `event` in which what the masks select is masked: a string by as many `*` as it has UTF-16
 * units, or by eight where the length is `fixed`, any other value but null by `"*"`, and so everything inside a
 * selected object or array. Keys stay, and so do the top-level `id`, `type` and `timestamp`. Every mask is evaluated
 * on the event as it was given, which is never changed.
 *
 * Fails closed: where the event is nested deeper than MASK_DEPTH_MAX, or the masks would take more steps than are
 * left of their work, everything is masked but `id`, `type` and `timestamp`.
 */
export function applyMasks(masks: MaskSet, event: JsonValue): JsonValue {
  const { length } = masks
  if (masks.paths.length === 0) return maskedCopy(event, new Marks(), length)
  const locations = locate(masks, event)
  if (locations === undefined) return maskedCopy(event, 'everything', length)
  const marks = new Marks()
  for (const location of locations) marks.add(location)
  return maskedCopy(event, marks, length)
}

/**
 * The places that the masks select, each as the keys and indexes that lead there, `undefined` where
 * `applyMasks` masks everything. For tests and tools; the same place may be given once for each mask.
 */
export function locateMasks(masks: MaskSet, event: JsonValue): readonly (readonly Key[])[] | undefined {
  return locate(masks, event)?.map(keysTo)
}

function locate(masks: MaskSet, event: JsonValue): readonly Location[] | undefined {
  if (isDeeperThan(event, MASK_DEPTH_MAX)) return undefined
  const evaluation = new Evaluation(event, masks.work)
  try {
    return masks.paths.flatMap((path) => evaluation.select(path))
  } catch (error) {
    if (error instanceof WorkExhausted) return undefined
    throw error
  }
}

function keysTo(location: Location): readonly Key[] {
  const keys: Key[] = []
  for (let at = location; at.parent !== undefined; at = at.parent) keys.unshift(at.key)
  return keys
}
