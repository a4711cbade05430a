import { PACKET_BYTES_MAX } from '@rollcall/protocol/limits'
import { SdkError } from '../sdk-error.ts'

/** One message of an event stream. */
export type StreamMessage = {
  /** `message` where the server gave none: an event. */
  readonly name: string
  /** Absent: the event is not to be acknowledged. */
  readonly id: string | undefined
  readonly data: string
}

const LINE_END = /\r\n|\r|\n/

/**
 * Reads an event stream as it arrives (HTML, "Parsing an event stream"), but for what a browser's own reader keeps from one
 * message to the next: an id belongs to its message alone.
 *
 * @throws SdkError `protocol_error` for a message that is larger than any event
 */
export function createMessageReader(): (chunk: Uint8Array) => StreamMessage[] {
  const decoder = new TextDecoder()
  let kept = ''
  let lines: string[] = []
  let bytes = 0
  return (chunk) => {
    kept += decoder.decode(chunk, { stream: true })
    // What ends with CR may go on with LF.
    const until = kept.endsWith('\r') ? kept.length - 1 : kept.length
    const pieces = kept.slice(0, until).split(LINE_END)
    kept = (pieces.pop() ?? '') + kept.slice(until)
    const messages: StreamMessage[] = []
    for (const line of pieces) {
      bytes += line.length
      if (line !== '') lines.push(line)
      else {
        const message = messageOf(lines)
        if (message !== undefined) messages.push(message)
        lines = []
        bytes = 0
      }
    }
    if (bytes + kept.length > PACKET_BYTES_MAX)
      throw new SdkError('protocol_error', 'The server sent a message that is larger than any event.')
    return messages
  }
}

function messageOf(lines: readonly string[]): StreamMessage | undefined {
  let name = 'message'
  let id: string | undefined
  const data: string[] = []
  for (const line of lines) {
    const at = line.indexOf(':')
    const field = at === -1 ? line : line.slice(0, at)
    const value = at === -1 ? '' : line.slice(at + 1).replace(/^ /, '')
    if (field === 'event') name = value
    else if (field === 'id') id = value
    else if (field === 'data') data.push(value)
  }
  // A comment alone, or how soon to come again.
  return data.length === 0 ? undefined : { name, id, data: data.join('\n') }
}
