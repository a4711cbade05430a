import type { EventSource } from './event-source.ts'

/**
 * The bytes that devices get: the sender's own, with `id` put in where the sender gave none. It goes in
 * first, so that nothing of the sender's text is moved within a member.
 *
 * @param newId an id that needs no JSON escaping, e.g. a UUID
 */
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
