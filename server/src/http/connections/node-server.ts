import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer, Server as TlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { onceAMinute } from '../../clock/clock.ts'
import { responseFor } from '../answers/cross-origin.ts'
import type { HttpServices } from '../services.ts'
import { type Certificate, CONNECTION_BOUNDS, type HttpSettings, headerBytesMax } from '../settings.ts'
import { inTurn } from './in-turn.ts'

/** Time a peer has to finish its TLS handshake, milliseconds. */
const HANDSHAKE_TIMEOUT_MS = 10_000

/** By how much the parser's bound is above ours; little enough that one read of a socket brings both, 64 KiB. */
const UNREADABLE_BYTES = 16_384

/** Node's HTTP or HTTPS server with every bound set: a peer that is slow or silent is let go. */
export function createNodeServer(handler: RequestListener, settings: HttpSettings): Server {
  const bounds = { ...CONNECTION_BOUNDS, ...settings.bounds }
  const options = {
    ServerResponse: responseFor(settings.allowedOrigins),
    // Kept on a time that stands still with the process: see `limitRequestTimes`.
    headersTimeout: 0,
    requestTimeout: 0,
    keepAliveTimeout: settings.httpIdleSeconds * 1000,
    // What is longer than it may be is refused by `boundHeaders`, in a form that pages can read.
    maxHeaderSize: headerBytesMax(settings) + UNREADABLE_BYTES,
  }
  const listener = inTurn(handler)
  const server: Server =
    settings.tls === undefined
      ? createServer(options, listener)
      : createTlsServer({ ...options, ...settings.tls, handshakeTimeout: HANDSHAKE_TIMEOUT_MS }, listener)
  server.timeout = bounds.idleTimeoutMs
  return server
}

type ListenContext = {
  readonly settings: Pick<HttpSettings, 'tls'>
  readonly services: Pick<HttpServices, 'log' | 'clock'>
}

/** Listens and returns the base URL. Rejects with the system's error, for example `EADDRINUSE`. */
export async function listen(
  server: Server,
  host: string,
  port: number,
  { settings, services }: ListenContext,
): Promise<string> {
  const { log } = services
  const mayTell = onceAMinute(services.clock)

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.removeListener('error', reject)
      // A connection that could not be taken is no reason to end the process, as an error that nobody hears would.
      server.on('error', (error) => {
        if (mayTell('accept')) log.error('http: a port could not take a connection', { err: error })
      })
      resolve()
    })
  })
  return `${settings.tls === undefined ? 'http' : 'https'}://${authority(server.address())}`
}

function authority(address: AddressInfo | string | null): string {
  if (address === null || typeof address === 'string') throw new Error('an HTTP server without a port')
  return address.family === 'IPv6'
    ? `[${address.address}]:${address.port}`
    : `${address.address}:${address.port}`
}

/** Uses another certificate for connections made from now on. Throws where it cannot be used; the old one stays. */
export function renewCertificate(server: Server, certificate: Certificate): void {
  if (!(server instanceof TlsServer)) throw new Error('this server does not speak TLS')
  server.setSecureContext(certificate)
}
