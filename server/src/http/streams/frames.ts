const LF = 0x0a
const CR = 0x0d

/** What keeps proxies, and whoever listens, from taking a silent stream for a dead one. */
export const HEARTBEAT = Buffer.from(': still here\n\n')

const DATA = Buffer.from('data: ')
const NEXT_LINE = Buffer.from('\ndata: ')
const END = Buffer.from('\n\n')

/**
 * One message of an event stream (HTML, "Server-sent events", "Parsing an event stream"): unnamed, so that it is what
 * `onmessage` gets. An event's own line ends become LF: within JSON they stand between its parts only.
 *
 * @param id absent: the reader keeps the id of the message before
 */
export function messageFrame(payload: Uint8Array, id: string | undefined): Buffer {
  const head = id === undefined ? DATA : Buffer.from(`id: ${id}\ndata: `)
  return Buffer.concat([head, ...linesOf(payload), END])
}

/** What the server says itself. */
export function namedFrame(name: string, data: object): Buffer {
  return Buffer.from(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
}

/** How long a browser's own reader waits before it comes again, milliseconds. */
export function retryFrame(retryMs: number): Buffer {
  return Buffer.from(`retry: ${retryMs}\n\n`)
}

function linesOf(payload: Uint8Array): readonly Uint8Array[] {
  if (!payload.includes(LF) && !payload.includes(CR)) return [payload]
  const parts: Uint8Array[] = []
  let from = 0
  for (let at = 0; at < payload.length; at++) {
    if (payload[at] !== LF && payload[at] !== CR) continue
    parts.push(payload.subarray(from, at), NEXT_LINE)
    if (payload[at] === CR && payload[at + 1] === LF) at++
    from = at + 1
  }
  return [...parts, payload.subarray(from)]
}
