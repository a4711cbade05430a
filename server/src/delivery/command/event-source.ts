import { RollcallError } from '@rollcall/protocol/error-code'
import { INSTANT_RULE, isEventType, isInstant } from '@rollcall/protocol/event'
import { eventTypeFault } from '@rollcall/protocol/event-type-fault'
import { isServerEventType, SENT_TYPE_RULE } from '@rollcall/protocol/lifecycle'
import { EVENT_BYTES_MAX, ID_CHARACTERS_MAX } from '@rollcall/protocol/limits'
import { isShortText, type JsonObject, type Member, membersOf, type Problems } from '../../parse/parse.ts'

/** An event as its sender wrote it. */
export type EventSource = {
  /** The sender's own bytes of the `event` value. */
  readonly bytes: Buffer
  /** The same, parsed. */
  readonly value: JsonObject
  readonly type: string
  /** Its own `id`, if any. */
  readonly id: string | undefined
  /** Where an `id` that is `null` stands in `bytes`: from its first to after its last byte. */
  readonly nullId: { readonly start: number; readonly end: number } | undefined
}

/** The body that an event stands in: the same once as bytes and once as text. */
export type BodyText = { readonly bytes: Buffer; readonly text: string }

/** Checks the members of an event. `path` is where it stands in the body. */
export function checkEvent(event: JsonObject, path: string, problems: Problems): void {
  const { type } = event
  if (!isEventType(type)) problems.set(`${path}.type`, eventTypeFault(type))
  else if (isServerEventType(type)) problems.set(`${path}.type`, `must be ${SENT_TYPE_RULE}`)
  if (!isInstant(event['timestamp'])) problems.set(`${path}.timestamp`, `must be ${INSTANT_RULE}`)
  const id = event['id']
  if (id !== undefined && id !== null && !isShortText(id))
    problems.set(`${path}.id`, `must be a string of 1 to ${ID_CHARACTERS_MAX} characters`)
}

/**
 * The event that is the member `event` of `members`, already checked.
 *
 * @throws RollcallError `event_too_large`, `malformed_json`
 */
export function eventSource(
  body: BodyText,
  value: JsonObject,
  members: readonly Member[],
  path: string,
): EventSource {
  const { slice, bytes } = eventText(body, members, path)
  const { id, type } = value
  if (typeof type !== 'string') throw new Error('an event that was checked has no type')
  return { bytes, value, type, id: isShortText(id) ? id : undefined, nullId: findNullId(slice, value) }
}

/**
 * The member `event` of `members` as it was written.
 *
 * @throws RollcallError `event_too_large`
 */
export function eventText(
  body: BodyText,
  members: readonly Member[],
  path: string,
): { readonly slice: string; readonly bytes: Buffer } {
  const at = members.find((member) => member.key === 'event')
  if (at === undefined) throw new Error('a member that JSON.parse saw is missing')
  const slice = body.text.slice(at.start, at.end)
  // In ASCII text, which nearly all is, characters and bytes count the same and nothing is encoded again.
  const isAscii = body.text.length === body.bytes.length
  const bytes = isAscii ? body.bytes.subarray(at.start, at.end) : Buffer.from(slice)
  if (bytes.length > EVENT_BYTES_MAX)
    throw new RollcallError('event_too_large', `The event is larger than ${EVENT_BYTES_MAX} bytes.`, {
      fields: [[path, `must be at most ${EVENT_BYTES_MAX} bytes`]],
    })
  return { slice, bytes }
}

/** Also refuses keys given twice at the top of the event, where the server and the device could read differently. */
function findNullId(slice: string, value: JsonObject): EventSource['nullId'] {
  const members = membersOf(slice, 0, value)
  if (value['id'] !== null) return undefined
  const member = members.find(({ key }) => key === 'id')
  if (member === undefined) return undefined
  return {
    start: Buffer.byteLength(slice.slice(0, member.start)),
    end: Buffer.byteLength(slice.slice(0, member.end)),
  }
}
