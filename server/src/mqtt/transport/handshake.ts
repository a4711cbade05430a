import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** RFC 6455 §1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
/** 16 bytes in base64. */
const KEY_FORM = /^[+/0-9A-Za-z]{22}==$/
/** 8 is what the last drafts called the same protocol. */
const VERSIONS = ['13', '8']

/** The key of a client's opening handshake (RFC 6455 §4.2.1); `undefined`: it is none. */
export function handshakeKey({
  method,
  headers,
}: Pick<IncomingMessage, 'method' | 'headers'>): string | undefined {
  const key = headers['sec-websocket-key']
  const isHandshake = method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket'
  const isOfOurVersion = VERSIONS.includes(String(headers['sec-websocket-version']))
  return isHandshake && isOfOurVersion && key !== undefined && KEY_FORM.test(key) ? key : undefined
}

/** The server's opening handshake (RFC 6455 §4.2.2). No extension is ever agreed on. */
export function handshakeAnswer(key: string, subprotocol: string, moreLines: readonly string[]): string {
  const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64')
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept}`,
    `Sec-WebSocket-Protocol: ${subprotocol}`,
    ...moreLines,
  ]
  return `${lines.join('\r\n')}\r\n\r\n`
}
