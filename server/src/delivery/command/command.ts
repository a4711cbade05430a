import { RollcallError } from '@rollcall/protocol/error-code'
import { ID_RULE, isId } from '@rollcall/protocol/id'
import { ID_CHARACTERS_MAX } from '@rollcall/protocol/limits'
import { type BodyText, checkEvent, type EventSource, eventSource } from './event-source.ts'
import { isAbsent, isShortText, type JsonObject, type Problems } from './problems.ts'
import { isJsonObject, type Member, membersOf, parseJson } from './raw-json.ts'
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
  if (!isJsonObject(value)) throw new RollcallError('invalid_request', 'The body must be a JSON object.')
  const members = membersOf(text, text.indexOf('{'))
  const problems: Problems = new Map()
  const userId = requiredId(value, 'userId', problems)
  const organizationId = optionalString(value, 'organizationId', problems)
  const userEndpointId = optionalId(value, 'userEndpointId', problems)
  const masks = optionalStrings(value, 'masks', problems)
  const qos = parseQos(value, problems)
  const idempotencyKey = parseIdempotencyKey(value, problems)
  const { ttlSeconds, expiresAtWallMs, collapseKey } = parseTerms(value, problems)
  const event = checkedEvent(value, '', problems)
  const cancel = checkedCancel(value, qos, problems)
  const cancelOn = parseCancelOn(value, problems)
  const { waitFor, graceMs } = parseWaiting(value, qos, problems)
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
    cancelOthers: cancel && cancelSource(body, cancel, members),
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

function cancelSource(body: BodyText, event: JsonObject, members: readonly Member[]): EventSource {
  const at = members.find((member) => member.key === 'cancelOthers')
  if (at === undefined) throw new Error('a member that JSON.parse saw is missing')
  return eventSource(body, event, membersOf(body.text, at.start), 'cancelOthers.event')
}

/** A refusal that names every bad field. */
export function refuse(problems: Problems): RollcallError {
  const [[field, problem] = ['body', 'is not valid']] = problems
  return new RollcallError('invalid_request', `${field}: ${problem}`, { fields: problems })
}

function requiredId(body: JsonObject, name: string, problems: Problems): string {
  const value = body[name]
  if (isId(value)) return value
  problems.set(name, `must be a string of ${ID_RULE}`)
  return ''
}

function optionalId(body: JsonObject, name: string, problems: Problems): string | undefined {
  return body[name] === undefined || body[name] === null ? undefined : requiredId(body, name, problems)
}

function optionalString(body: JsonObject, name: string, problems: Problems): string | undefined {
  const value = body[name]
  if (typeof value === 'string') return value
  if (value !== undefined && value !== null) problems.set(name, 'must be a string')
  return undefined
}

/** A list of strings; absent: none. */
export function optionalStrings(body: JsonObject, name: string, problems: Problems): readonly string[] {
  const value = body[name]
  if (value === undefined || value === null) return []
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
  problems.set(name, 'must be an array of strings')
  return []
}

/** 1 is at least once; any other integer is best effort. [contract: `qos`] */
function parseQos(body: JsonObject, problems: Problems): 0 | 1 {
  const value = body['qos']
  if (value === undefined || value === null) return 0
  if (!Number.isInteger(value)) problems.set('qos', 'must be an integer')
  return value === 1 ? 1 : 0
}

function parseIdempotencyKey(body: JsonObject, problems: Problems): string | undefined {
  const key = body['idempotencyKey']
  if (key === undefined || key === null) return undefined
  if (isShortText(key)) return key
  problems.set('idempotencyKey', `must be a string of 1 to ${ID_CHARACTERS_MAX} characters`)
  return undefined
}
