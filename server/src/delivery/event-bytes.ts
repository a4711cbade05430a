import type { EventSource } from './command/event-source.ts'

/**
 * The bytes that devices get: the sender's own, with `id` put in where the sender gave none, and `senderId` where
 * devices are told. They go in first, so that nothing of the sender's text is moved within a member.
 *
 * @param newId an id that needs no JSON escaping, e.g. a UUID
 * @param senderId any text; `null`: no member of the organization; `undefined`: devices are not told. The event has none
 * of its own
 */
export function outgoingBytes(
  event: EventSource,
  newId: string,
  senderId: string | null | undefined,
): Buffer {
  const bytes = withId(event, newId)
  if (senderId === undefined) return bytes
  const member = Buffer.from(`"senderId":${JSON.stringify(senderId)},`)
  return Buffer.concat([bytes.subarray(0, 1), member, bytes.subarray(1)])
}

/** With `id` only. */
export function withId(event: EventSource, newId: string): Buffer {
  if (event.id !== undefined) return event.bytes
  if (event.nullId !== undefined)
    return replace(event.bytes, event.nullId.start, event.nullId.end, `"${newId}"`)
  // `type` is required, so the object is never empty and the comma always right.
  return replace(event.bytes, 1, 1, `"id":"${newId}",`)
}

function replace(bytes: Buffer, start: number, end: number, text: string): Buffer {
  const result = Buffer.allocUnsafe(bytes.length - (end - start) + text.length)
  bytes.copy(result, 0, 0, start)
  result.write(text, start, 'latin1')
  bytes.copy(result, start + text.length, end)
  return result
}
