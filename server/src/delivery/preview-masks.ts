import type { Principal } from '../auth/auth.ts'
import type { Limits } from '../limits/limits.ts'
import { type MaskLength, parseMasks } from '../masks/masks.ts'
import type { Metrics } from '../observe/observe.ts'
import {
  isJsonObject,
  type JsonObject,
  membersOf,
  noted,
  objectIn,
  type Problems,
  parseJson,
  readTexts,
  refuse,
} from '../parse/parse.ts'
import { eventText } from './command/event-source.ts'
import { maskedEvent, withMasks } from './masking.ts'

/** An event that need not be one yet, and masks to try on it. */
export type MasksPreviewCommand = {
  readonly event: JsonObject
  /** The sender's own bytes of it. */
  readonly bytes: Buffer
  readonly masks: readonly string[]
}

/**
 * Parses the body of a preview.
 *
 * @throws RollcallError `malformed_json`, `invalid_request` with the fields, `event_too_large`
 */
export function parseMasksPreview(given: Buffer): MasksPreviewCommand {
  const { bytes, text, value } = parseJson(given)
  const body = objectIn(value)
  const members = membersOf(text, text.indexOf('{'), body)
  const problems: Problems = new Map()
  const masks = noted(body, 'masks', readTexts, problems) ?? []
  const { event } = body
  if (!isJsonObject(event)) problems.set('event', 'must be a JSON object')
  if (problems.size > 0 || !isJsonObject(event)) throw refuse(problems)
  const own = eventText({ bytes, text }, members, 'event')
  // For a key given twice, as when it is sent.
  membersOf(own.slice, 0, event)
  return { event, bytes: own.bytes, masks }
}

export type PreviewContext = {
  readonly quotas: Pick<Limits, 'sendEvents' | 'work' | 'shedding'>
  readonly maskLength: MaskLength
  readonly metrics: Pick<Metrics, 'masksTook'>
}

/**
 * The event as `sendEvent` would store it, by the same code, but for the id that it would get. It counts as one event
 * sent by the caller: it costs as much, and nobody is to get more of the processor by asking than by sending.
 *
 * @throws RollcallError `rate_limited`, `invalid_mask`
 */
export function previewMasks(
  context: PreviewContext,
  principal: Principal,
  { event, bytes, masks }: MasksPreviewCommand,
): Buffer {
  const { quotas, maskLength } = context
  // Role SERVICE names no organization here, and uses up nobody's share.
  quotas.sendEvents(principal, principal.organizationId ?? '', 1)
  if (masks.length === 0) return bytes
  return withMasks(context, principal, (work) =>
    maskedEvent(parseMasks(masks, { length: maskLength, work }), event),
  )
}
