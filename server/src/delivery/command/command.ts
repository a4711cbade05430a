import {
  isAbsent,
  isJsonObject,
  type JsonObject,
  type Member,
  membersOf,
  noted,
  objectIn,
  type Problems,
  parseJson,
  readId,
  readShortText,
  readText,
  readTexts,
  refuse,
  requiredId,
} from '../../parse/parse.ts'
import { type BodyText, checkEvent, type EventSource, eventSource } from './event-source.ts'
import { parseTerms, type Terms } from './terms.ts'
import { parseWaiting, type ReceiptKind, readKind } from './waiting.ts'

/** A parsed `SendEventToUserWebCommand`. */
export type SendEventCommand = Terms & {
  readonly userId: string
  /** As given in the body; only callers with role SERVICE are heard. */
  readonly organizationId: string | undefined
  readonly userEndpointId: string | undefined
  readonly event: EventSource
  readonly masks: readonly string[]
  readonly qos: 0 | 1
  /** What the other endpoints get once one has answered or acknowledged; only with `qos` 1. */
  readonly cancelOthers: EventSource | undefined
  readonly cancelOn: ReceiptKind
  /** What `Prefer: wait` waits for. */
  readonly waitFor: ReceiptKind
  /** How long it waits for a connection where there is none. Absent: `GRACE_MS`. */
  readonly graceMs: number | undefined
  /** For fronts that have no header for it. */
  readonly idempotencyKey: string | undefined
}

/**
 * Parses the body of sendEvent, whichever front it came through. Every bad field is named at once.
 *
 * @throws RollcallError `malformed_json`, `invalid_request` with the fields, `event_too_large`
 */
export function parseSendEvent(given: Buffer): SendEventCommand {
  const { bytes, text, value } = parseJson(given)
  const json = objectIn(value)
  const members = membersOf(text, text.indexOf('{'), json)
  const problems: Problems = new Map()
  const userId = requiredId(json, 'userId', problems)
  const organizationId = noted(json, 'organizationId', readText, problems)
  const userEndpointId = noted(json, 'userEndpointId', readId, problems)
  const masks = noted(json, 'masks', readTexts, problems) ?? []
  const qos = parseQos(json, problems)
  const idempotencyKey = noted(json, 'idempotencyKey', readShortText, problems)
  const { ttlSeconds, expiresAtWallMs, collapseKey } = parseTerms(json, problems)
  const event = checkedEvent(json, '', problems)
  const cancel = checkedCancel(json, qos, problems)
  const cancelOn = parseCancelOn(json, problems)
  const { waitFor, graceMs } = parseWaiting(json, qos, problems)
  if (problems.size > 0 || event === undefined) throw refuse(problems)
  const body = { bytes, text }
  // Member by member: spreading would take longer than all the rest.
  return {
    userId,
    organizationId,
    userEndpointId,
    event: eventSource(body, event, members, 'event'),
    masks,
    qos,
    idempotencyKey,
    ttlSeconds,
    expiresAtWallMs,
    collapseKey,
    cancelOthers: cancel && cancelSource(body, json, cancel, members),
    cancelOn,
    waitFor,
    graceMs,
  }
}

/** The member `event` of the object that stands at `path`, which ends in a dot where it is not empty. */
function checkedEvent(holder: JsonObject, path: string, problems: Problems): JsonObject | undefined {
  const { event } = holder
  if (isJsonObject(event)) checkEvent(event, `${path}event`, problems)
  else problems.set(`${path}event`, 'must be a JSON object')
  return isJsonObject(event) ? event : undefined
}

function checkedCancel(body: JsonObject, qos: 0 | 1, problems: Problems): JsonObject | undefined {
  const { cancelOthers } = body
  if (isAbsent(cancelOthers)) return undefined
  if (qos === 0) problems.set('cancelOthers', 'needs qos 1')
  if (isJsonObject(cancelOthers)) return checkedEvent(cancelOthers, 'cancelOthers.', problems)
  problems.set('cancelOthers', 'must be a JSON object with an event')
  return undefined
}

/** A device's PUBACK is no answer: stock clients send it by themselves. */
function parseCancelOn({ cancelOthers }: JsonObject, problems: Problems): ReceiptKind {
  const on = isJsonObject(cancelOthers) ? cancelOthers['on'] : undefined
  return readKind(on, 'answered', 'cancelOthers.on', problems)
}

function cancelSource(
  body: BodyText,
  { cancelOthers }: JsonObject,
  event: JsonObject,
  members: readonly Member[],
): EventSource {
  const at = members.find((member) => member.key === 'cancelOthers')
  if (at === undefined || !isJsonObject(cancelOthers))
    throw new Error('a member that JSON.parse saw is missing')
  return eventSource(body, event, membersOf(body.text, at.start, cancelOthers), 'cancelOthers.event')
}

/** 1 is at least once; any other integer is best effort. [contract: `qos`] */
function parseQos(body: JsonObject, problems: Problems): 0 | 1 {
  const value = body['qos']
  if (value === undefined || value === null) return 0
  if (!Number.isInteger(value)) problems.set('qos', 'must be an integer')
  return value === 1 ? 1 : 0
}
