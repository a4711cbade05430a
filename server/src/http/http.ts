import type { Server } from 'node:http'
import { Server as TlsServer } from 'node:https'
import { buildApp } from './app.ts'
import { listen } from './node-server.ts'
import type { HttpServices } from './services.ts'
import type { Certificate, HttpSettings } from './settings.ts'
import { handleUpgrades, type UpgradeHandler } from './upgrade.ts'

export { buildOpenApi } from './openapi.ts'
export type { HttpServices } from './services.ts'
export type { Certificate, HttpSettings, Page } from './settings.ts'

/** Time that requests in flight get to end after `close`, milliseconds. */
const CLOSE_GRACE_MS = 5_000
/** How often connections that have become idle meanwhile are closed, milliseconds. */
const CLOSE_SWEEP_MS = 100

export type HttpOptions = HttpServices & { readonly settings: HttpSettings }

/** The HTTP front: OAuth2 endpoints, the contract's operations, health, metrics and documentation. */
export interface Http {
  readonly server: Server
  /**
   * Hands WebSocket handshakes to `takeOver`; to be called once. A connection taken over belongs to whoever
   * took it: `close` does not close it.
   */
  onWebSocket(takeOver: UpgradeHandler): void
  /** Resolves with the base URL once connections are taken. Port 0: any free one. */
  listen(host: string, port: number): Promise<string>
  /** Uses another certificate for connections made from now on. Throws where it cannot be used; the old one stays. */
  setCertificate(certificate: Certificate): void
  /** Not ready any more; requests are still served, but each answer closes its connection. Idempotent. */
  drain(): void
  /** Takes no more connections, and resolves once those there are have ended, or were cut after 5 s. Idempotent. */
  close(): Promise<void>
}

/** Builds the HTTP front; it does not listen yet. */
export async function createHttp({ settings, ...services }: HttpOptions): Promise<Http> {
  let isDraining = false
  let closed: Promise<void> | undefined
  const readiness = {
    notReadyBecause: () => (isDraining ? 'draining' : services.readiness.notReadyBecause()),
  }
  const app = await buildApp({ ...services, readiness }, settings)
  await app.ready()
  const { server } = app
  function drain(): void {
    if (isDraining) return
    isDraining = true
    // Added only now: a hook would cost every request of the server's life.
    server.prependListener('request', (_request, response) => response.setHeader('connection', 'close'))
    // Answers under way have their headers already: their connections end as soon as they are idle.
    server.keepAliveTimeout = 1
    server.closeIdleConnections()
  }
  return {
    server,
    onWebSocket: (takeOver) => handleUpgrades(server, takeOver),
    listen: (host, port) => listen(server, host, port, settings.tls === undefined ? 'http' : 'https'),
    setCertificate(certificate) {
      if (!(server instanceof TlsServer)) throw new Error('this server does not speak TLS')
      server.setSecureContext(certificate)
    },
    drain,
    close() {
      drain()
      closed ??= closeServer(server, services.clock).then(() => app.close())
      return closed
    },
  }
}

function closeServer(server: Server, clock: HttpServices['clock']): Promise<void> {
  if (!server.listening) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = clock.after(CLOSE_GRACE_MS, () => {
      server.closeAllConnections()
      resolve()
    })
    // A connection whose last answer is sent only now would otherwise wait for its next request.
    const sweep = clock.every(CLOSE_SWEEP_MS, () => server.closeIdleConnections())
    server.close(() => {
      timer.cancel()
      sweep.cancel()
      resolve()
    })
  })
}
