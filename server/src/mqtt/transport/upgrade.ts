import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { ERRORS, type ErrorCode } from '@rollcall/protocol/error-code'
import type { AllowedOrigins } from '../../config/config.ts'
import type { Place } from '../context.ts'
import { handshakeAnswer, handshakeKey } from './handshake.ts'
import { readHeaderText } from './header-text.ts'
import { isOriginAllowed } from './origin.ts'
import type { HandshakeRefusal } from './refused-handshakes.ts'

const PATH = '/ws'
/** Sub-protocols, the preferred one first; the second is what MQTT 3.1 clients offer, often beside the first. */
const SUBPROTOCOLS = ['mqtt', 'mqttv3.1']
/** Seconds after which a client refused for want of room may ask again. */
const RETRY_AFTER_SECONDS = 5

/** As on every answer of the API. */
const NOSNIFF_LINE = 'X-Content-Type-Options: nosniff'

const CODES: { readonly [why in HandshakeRefusal]: ErrorCode } = {
  host: 'forbidden',
  path: 'not_found',
  origin: 'forbidden',
  sub_protocol: 'invalid_request',
  handshake: 'invalid_request',
  no_room: 'unavailable',
  no_room_tcp: 'unavailable',
}

/** What of a request tells whether it is an opening handshake. */
export type Handshake = Pick<IncomingMessage, 'method' | 'url' | 'headers'>

export type UpgradeOptions = {
  readonly allowedOrigins: AllowedOrigins
  readonly publicUrl: string | undefined
  /** Whether a request for this `Host` is answered. Default: every one is. */
  readonly isHostAllowed?: ((host: string | undefined) => boolean) | undefined
  /** A place for one more connection of the address; `undefined`: there is none now. */
  takePlace(remoteAddress: string): Place | undefined
  onRefused(code: ErrorCode, why: HandshakeRefusal, request: Handshake): void
  /** @param userAgent see `readHeaderText` */
  onWebSocket(socket: Duplex, userAgent: string | undefined, place: Place): void
}

export type Upgrade = (request: Handshake, socket: Duplex, head: Buffer, remoteAddress: string) => void

/** Makes the opening handshake of RFC 6455 §4.2 for MQTT (MQTT 5.0 §6). */
export function createUpgrade(options: UpgradeOptions): Upgrade {
  const refuse = (request: Handshake, socket: Duplex, why: HandshakeRefusal): void => {
    const code = CODES[why]
    options.onRefused(code, why, request)
    answer(socket, code)
  }
  return (request, socket, head, remoteAddress) => {
    // The HTTP server has let go of the socket: an error nobody listens to would end the process.
    socket.on('error', ignore)
    const refusal = refusalOf(request, options)
    if (refusal !== undefined) return refuse(request, socket, refusal)
    const subprotocol = chosen(request)
    if (subprotocol === undefined) return refuse(request, socket, 'sub_protocol')
    const key = handshakeKey(request)
    if (key === undefined) return refuse(request, socket, 'handshake')
    const place = options.takePlace(remoteAddress)
    if (place === undefined) return refuse(request, socket, 'no_room')
    socket.write(handshakeAnswer(key, subprotocol, [NOSNIFF_LINE]))
    // What came behind the handshake is read first.
    if (head.length > 0) socket.unshift(head)
    options.onWebSocket(socket, readHeaderText(request.headers['user-agent']), place)
  }
}

function ignore(): void {}

function refusalOf(request: Handshake, options: UpgradeOptions): HandshakeRefusal | undefined {
  const { origin, host } = request.headers
  if (options.isHostAllowed?.(host) === false) return 'host'
  if (request.url?.split('?', 1)[0] !== PATH) return 'path'
  if (!isOriginAllowed(origin, host, options.allowedOrigins, options.publicUrl)) return 'origin'
  return undefined
}

/** The client must name `mqtt` as a sub-protocol [MQTT-6.0.0-3]. */
function chosen({ headers }: Handshake): string | undefined {
  const offered = headers['sec-websocket-protocol']?.split(',').map((name) => name.trim()) ?? []
  return SUBPROTOCOLS.find((name) => offered.includes(name))
}

/** An HTTP answer in the shape of all refusals of the API, then the end. */
function answer(socket: Duplex, code: ErrorCode): void {
  const { status, text } = ERRORS[code]
  const body = JSON.stringify({ error: code, message: text })
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Content-Type: application/json; charset=utf-8',
    NOSNIFF_LINE,
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(code === 'unavailable' ? [`Retry-After: ${RETRY_AFTER_SECONDS}`] : []),
  ]
  socket.once('finish', () => socket.destroy())
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
