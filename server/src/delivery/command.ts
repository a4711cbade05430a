import { RollcallError } from '@rollcall/protocol/error-code'
import { EVENT_TYPE_RULE, INSTANT_RULE, isEventType, isInstant } from '@rollcall/protocol/event'
import { ID_RULE, isId } from '@rollcall/protocol/id'
import { EVENT_BYTES_MAX, ID_CHARACTERS_MAX } from '@rollcall/protocol/limits'
import { isJsonObject, type Member, membersOf, parseJson } from './raw-json.ts'

/** A parsed `SendEventToUserWebCommand`. */
export type SendEventCommand = {
  readonly userId: string
  /** As given in the body; only callers with role SERVICE are heard. */
  readonly organizationId: string | undefined
  readonly userEndpointId: string | undefined
  readonly event: EventSource
  readonly masks: readonly string[]
  readonly qos: 0 | 1
  /** For fronts that have no header for it. */
  readonly idempotencyKey: string | undefined
}

/** An event as its sender wrote it. */
export type EventSource = {
  /** The sender's own bytes of the `event` value. */
  readonly bytes: Buffer
  /** The same, parsed. */
  readonly value: JsonObject
  /** Its own `id`, if any. */
  readonly id: string | undefined
  /** Where an `id` that is `null` stands in `bytes`: from its first to after its last byte. */
  readonly nullId: { readonly start: number; readonly end: number } | undefined
}

type JsonObject = { readonly [key: string]: unknown }

/** What is wrong, by field. */
type Problems = Map<string, string>

/**
 * Parses the body of sendEvent, whichever front it came through. Every bad field is named at once.
 *
 * @throws RollcallError `malformed_json`, `invalid_request` with the fields, `event_too_large`
 */
export function parseSendEvent(body: Buffer): SendEventCommand {
  const { text, value } = parseJson(body)
  if (!isJsonObject(value)) throw new RollcallError('invalid_request', 'The body must be a JSON object.')
  const members = membersOf(text, text.indexOf('{'))
  const problems: Problems = new Map()
  const command = {
    userId: requiredId(value, 'userId', problems),
    organizationId: optionalString(value, 'organizationId', problems),
    userEndpointId: optionalId(value, 'userEndpointId', problems),
    masks: optionalStrings(value, 'masks', problems),
    qos: parseQos(value, problems),
    idempotencyKey: parseIdempotencyKey(value, problems),
  }
  const event = value['event']
  if (isJsonObject(event)) checkEvent(event, problems)
  else problems.set('event', 'must be a JSON object')
  if (problems.size > 0 || !isJsonObject(event)) throw refuse(problems)
  return { ...command, event: eventSource(body, text, event, members) }
}

function refuse(problems: Problems): RollcallError {
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

function optionalStrings(body: JsonObject, name: string, problems: Problems): readonly string[] {
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

function checkEvent(event: JsonObject, problems: Problems): void {
  if (!isEventType(event['type'])) problems.set('event.type', `must be ${EVENT_TYPE_RULE}`)
  if (!isInstant(event['timestamp'])) problems.set('event.timestamp', `must be ${INSTANT_RULE}`)
  const id = event['id']
  if (id !== undefined && id !== null && !isShortText(id))
    problems.set('event.id', `must be a string of 1 to ${ID_CHARACTERS_MAX} characters`)
}

function isShortText(id: unknown): id is string {
  return typeof id === 'string' && id.length > 0 && id.length <= ID_CHARACTERS_MAX && id.isWellFormed()
}

function eventSource(body: Buffer, text: string, value: JsonObject, members: readonly Member[]): EventSource {
  const at = members.find((member) => member.key === 'event')
  if (at === undefined) throw new Error('a member that JSON.parse saw is missing')
  const slice = text.slice(at.start, at.end)
  // In ASCII text, which nearly all is, characters and bytes count the same and nothing is encoded again.
  const bytes = text.length === body.length ? body.subarray(at.start, at.end) : Buffer.from(slice)
  if (bytes.length > EVENT_BYTES_MAX)
    throw new RollcallError('event_too_large', `The event is larger than ${EVENT_BYTES_MAX} bytes.`, {
      fields: [['event', `must be at most ${EVENT_BYTES_MAX} bytes`]],
    })
  const id = value['id']
  return { bytes, value, id: isShortText(id) ? id : undefined, nullId: findNullId(slice, id) }
}

/** Also refuses keys given twice at the top of the event, where the server and the device could read differently. */
function findNullId(slice: string, id: unknown): EventSource['nullId'] {
  const member = membersOf(slice, 0).find(({ key }) => key === 'id')
  if (member === undefined || id !== null) return undefined
  return {
    start: Buffer.byteLength(slice.slice(0, member.start)),
    end: Buffer.byteLength(slice.slice(0, member.end)),
  }
}
