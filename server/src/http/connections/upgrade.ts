import type { IncomingMessage, Server } from 'node:http'
import { Server as TlsServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { type IsTrusted, toldAddress } from './client-address.ts'

/** What is asked for with an opening handshake (RFC 6455 §4.1). */
export type Handshake = Pick<IncomingMessage, 'method' | 'url' | 'headers'>

/** Takes over a connection whose client wants to speak something else from here on. */
export type UpgradeHandler = (request: Handshake, socket: Duplex, head: Buffer, remoteAddress: string) => void

/** The HTTP server is told with this that a socket is no connection of its own any more. */
export const HANDED_OVER = 'handedOver'

/**
 * Hands WebSocket handshakes to `takeOver`, and serves a request that offers another protocol as the plain
 * request that it also is (RFC 9110 §7.8): Java's own HTTP client offers HTTP/2 with whatever it sends in
 * clear, and Node lets go of every connection with an offer once somebody listens for one.
 */
export function handleUpgrades(server: Server, takeOver: UpgradeHandler, isTrusted: IsTrusted): void {
  server.on('upgrade', (request, socket, head) => {
    server.emit(HANDED_OVER, socket)
    if (offersWebSocket(request)) takeOver(request, socket, head, toldAddress(request, isTrusted))
    else serveAnew(server, request, socket, head)
  })
}

function offersWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade !== undefined && /(?:^|,)\s*websocket\s*(?:,|$)/i.test(headers.upgrade)
}

/** Puts the request back in front of what follows it, without the offer, and begins the connection again. */
function serveAnew(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  socket.unshift(Buffer.concat([Buffer.from(headWithoutOffer(request), 'latin1'), head]))
  server.emit(server instanceof TlsServer ? 'secureConnection' : 'connection', socket)
}

function headWithoutOffer({ method, url, httpVersion, rawHeaders }: IncomingMessage): string {
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2)
    const kept = withoutOffer(name, value)
    if (kept !== '') lines.push(`${name}: ${kept}`)
  }
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** `Upgrade`, what belongs to it (RFC 7540 §3.2.1), and their names in `Connection` go. */
function withoutOffer(name: string, value: string): string {
  if (/^(?:upgrade|http2-settings)$/i.test(name)) return ''
  if (!/^connection$/i.test(name)) return value
  const options = value.split(',').map((option) => option.trim())
  return options.filter((option) => !/^(?:upgrade|http2-settings)$/i.test(option)).join(', ')
}
