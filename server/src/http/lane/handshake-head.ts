import type { Handshake } from '../connections/upgrade.ts'
import { HEAD_BYTES_MAX, readLine, UNHEEDED } from './request-head.ts'

const HEAD_END = '\r\n\r\n'
const FIRST_LINE = /^GET (\/ws(?:\?[\w=&%.~-]*)?) HTTP\/1\.1$/
const FIRST_BYTES = Buffer.from('GET /ws')

/** What a handshake says that somebody heeds. */
const HEEDED: ReadonlySet<string> = new Set([
  'connection',
  'host',
  'origin',
  'sec-websocket-key',
  'sec-websocket-protocol',
  'sec-websocket-version',
  'upgrade',
  'x-forwarded-for',
])
/** Browsers send these besides. No extension is ever agreed on. */
const OF_BROWSERS: ReadonlySet<string> = new Set([
  'cookie',
  'sec-fetch-dest',
  'sec-fetch-mode',
  'sec-fetch-site',
  'sec-websocket-extensions',
])

const WEBSOCKET = /^websocket$/i
const UPGRADE = /^(?:keep-alive, ?)?upgrade$/i

/** A handshake, and what came behind it. */
export type FoundHandshake = { readonly handshake: Handshake; readonly rest: Buffer }

/**
 * Reads a WebSocket's opening handshake (RFC 6455 §4.1) at the beginning of a connection's bytes. As with the requests
 * of the lane, `undefined` is whatever is not of the one form that is known here to the letter, or not whole: Node's
 * parser knows all the others. Whether it is accepted is judged elsewhere, by the same rules.
 */
export function findHandshake(bytes: Buffer): FoundHandshake | undefined {
  if (!bytes.subarray(0, FIRST_BYTES.length).equals(FIRST_BYTES)) return undefined
  const end = bytes.indexOf(HEAD_END)
  if (end < 0 || end > HEAD_BYTES_MAX) return undefined
  const handshake = readHandshake(bytes.toString('latin1', 0, end))
  return handshake && { handshake, rest: bytes.subarray(end + HEAD_END.length) }
}

function readHandshake(text: string): Handshake | undefined {
  const [first = '', ...lines] = text.split('\r\n')
  const url = FIRST_LINE.exec(first)?.[1]
  if (url === undefined) return undefined
  const headers: { [name: string]: string } = {}
  for (const line of lines) {
    const [name, value] = readLine(line)
    if (!isKnown(name) || Object.hasOwn(headers, name)) return undefined
    headers[name] = value
  }
  const { host, connection = '', upgrade = '' } = headers
  if (host === undefined || !UPGRADE.test(connection) || !WEBSOCKET.test(upgrade)) return undefined
  return { method: 'GET', url, headers }
}

function isKnown(name: string): boolean {
  return HEEDED.has(name) || OF_BROWSERS.has(name) || UNHEEDED.has(name)
}
