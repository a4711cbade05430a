import { once } from 'node:events'
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'

/** One message of a stream, as "Parsing an event stream" of the HTML standard has it. */
export type StreamMessage = { readonly name: string; readonly id: string | undefined; readonly data: string }

/** A reader of server-sent events that shows everything that came. */
export type StreamReader = {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly messages: readonly StreamMessage[]
  /** Lines that begin with a colon. */
  readonly comments: readonly string[]
  readonly hasEnded: boolean
  /** What came, where it is no stream. */
  readonly text: string
  /** Resolves with the first message, or whatever else is looked for, from now or before. */
  until<T>(find: (reader: StreamReader) => T | undefined | false): Promise<T>
  /** The reader stops reading; what comes waits in the socket. */
  pause(): void
  resume(): void
  /** The connection is gone. */
  destroy(): void
}

export type OpenStream = {
  readonly token: string
  readonly userEndpointId: string
  readonly headers?: Record<string, string>
}

export async function openStream(
  url: string,
  { token, userEndpointId, headers = {} }: OpenStream,
): Promise<StreamReader> {
  const target = new URL(`/rtc-api/users/endpoints/${encodeURIComponent(userEndpointId)}/events`, url)
  const sent = request(target, {
    agent: false,
    headers: { accept: 'text/event-stream', authorization: `Bearer ${token}`, ...headers },
  })
  sent.on('error', () => undefined)
  sent.end()
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  return readerOf(answer)
}

function readerOf(answer: IncomingMessage): StreamReader {
  const messages: StreamMessage[] = []
  const comments: string[] = []
  const waiting = new Set<() => void>()
  let text = ''
  let kept = ''
  let hasEnded = false
  const look = (): void => {
    for (const run of [...waiting]) run()
  }
  answer.setEncoding('utf8')
  answer.on('data', (chunk: string) => {
    text += chunk
    kept += chunk
    const blocks = kept.split('\n\n')
    kept = blocks.pop() ?? ''
    for (const block of blocks) {
      const message = parse(block, comments)
      if (message !== undefined) messages.push(message)
    }
    look()
  })
  answer.on('error', () => undefined)
  answer.on('close', () => {
    hasEnded = true
    look()
  })
  const reader: StreamReader = {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    messages,
    comments,
    get hasEnded() {
      return hasEnded
    },
    get text() {
      return text
    },
    until: (find) =>
      new Promise((resolve) => {
        const run = (): void => {
          const found = find(reader)
          if (found === undefined || found === false) return
          waiting.delete(run)
          resolve(found)
        }
        waiting.add(run)
        run()
      }),
    pause: () => void answer.pause(),
    resume: () => void answer.resume(),
    destroy: () => void answer.destroy(),
  }
  return reader
}

function parse(block: string, comments: string[]): StreamMessage | undefined {
  let name = 'message'
  let id: string | undefined
  const data: string[] = []
  for (const line of block.split('\n')) {
    const [, field = '', value = ''] = /^([^:]*): ?(.*)$/.exec(line) ?? []
    if (field === '') comments.push(value)
    else if (field === 'event') name = value
    else if (field === 'id') id = value
    else if (field === 'data') data.push(value)
  }
  return data.length === 0 ? undefined : { name, id, data: data.join('\n') }
}

/** The messages without a name: events. */
export function eventsOf({ messages }: StreamReader): readonly StreamMessage[] {
  return messages.filter(({ name }) => name === 'message')
}
