/** The form of what is sent between nodes. Another one is not understood, and dropped: a lost message costs only time. */
const VERSION = 1
const HEAD_BYTES_AT = 1
const HEAD_AT = 5

/** What a message says, but for what is large. Of plain values, so that JSON carries it. */
type Head = { readonly kind: string }

/** A message as it came: nothing in it is believed before it was looked at. */
type Decoded = { readonly head: { readonly [name: string]: unknown }; readonly body: Uint8Array }

const NOTHING = new Uint8Array()

/** One byte of version, four of the head's length, the head as JSON, and the body as it is. */
export function encodeMessage<Of extends Head>(head: Of, body: Uint8Array = NOTHING): Buffer {
  const text = Buffer.from(JSON.stringify(head))
  const prefix = Buffer.alloc(HEAD_AT)
  prefix.writeUInt8(VERSION)
  prefix.writeUInt32BE(text.length, HEAD_BYTES_AT)
  return Buffer.concat([prefix, text, body])
}

/** `undefined`: it is of another version, or none at all. */
export function decodeMessage(message: Uint8Array): Decoded | undefined {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength)
  if (bytes.length < HEAD_AT || bytes.readUInt8() !== VERSION) return undefined
  const endsAt = HEAD_AT + bytes.readUInt32BE(HEAD_BYTES_AT)
  if (endsAt > bytes.length) return undefined
  const head = parse(bytes.toString('utf8', HEAD_AT, endsAt))
  return isObject(head) ? { head, body: bytes.subarray(endsAt) } : undefined
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
