import type { RequestListener, Server } from 'node:http'
import { buildApp } from './app.ts'
import type { ApiDocument } from './app-type.ts'
import { AnswerGate } from './connections/answer-gate.ts'
import { trustedProxies } from './connections/client-address.ts'
import { shareConnections } from './connections/crowd.ts'
import { Door } from './connections/door.ts'
import { renewCertificate } from './connections/node-server.ts'
import { handleUpgrades, type UpgradeHandler } from './connections/upgrade.ts'
import { FastLane, mayHaveFastLane } from './lane/fast-lane.ts'
import { requestIds } from './plugins/request-log.ts'
import type { HttpServices, Readiness } from './services.ts'
import type { Certificate, HttpSettings } from './settings.ts'
import { EventStreams } from './streams/streams.ts'

export { type Admin, createAdmin } from './admin.ts'
export type { Door } from './connections/door.ts'
export { buildOpenApi } from './openapi.ts'
export type { HttpServices } from './services.ts'
export type { Certificate, HttpSettings, Page, SdkFile } from './settings.ts'

/**
 * Time that requests in flight get to end after `close`, milliseconds. They have had the drain's time before, and what
 * stops processes may wait no more than 10 s in all.
 */
const CLOSE_GRACE_MS = 1_000

export type HttpOptions = HttpServices & {
  readonly settings: HttpSettings
  /** The port, which may listen already; it opens with `listen`. Default: one that is made now. */
  readonly door?: Door
}

/** The HTTP front: OAuth2 endpoints, the contract's operations, health, metrics and documentation. */
export interface Http {
  readonly server: Server
  /** Answers that bring endpoints their events. */
  readonly streams: Pick<EventStreams, 'count' | 'review' | 'drain'>
  /** Whether requests should come here: not while it drains. */
  readonly readiness: Readiness
  /** The OpenAPI document of what is served here. */
  document(): ApiDocument
  /**
   * Hands WebSocket handshakes to `takeOver`; to be called once. A connection taken over belongs to whoever
   * took it: `close` does not close it.
   */
  onWebSocket(takeOver: UpgradeHandler): void
  /** Resolves with the base URL once requests are served. Port 0: any free one. */
  listen(host: string, port: number): Promise<string>
  /** Uses another certificate for connections made from now on. Throws where it cannot be used; the old one stays. */
  setCertificate(certificate: Certificate): void
  /** Not ready any more; requests are still served, but each answer closes its connection. Idempotent. */
  drain(): void
  /** Takes no more connections, and resolves once those there are have ended, or were cut after 1 s. Idempotent. */
  close(): Promise<void>
}

/** Builds the HTTP front; it does not listen yet. */
export async function createHttp({ settings, door: given, ...services }: HttpOptions): Promise<Http> {
  let isDraining = false
  let closed: Promise<void> | undefined
  const readiness = {
    ...services.readiness,
    notReadyBecause: () => (isDraining ? 'draining' : services.readiness.notReadyBecause()),
  }
  const door = given ?? new Door(settings, services)
  const streams = new EventStreams(services, settings)
  const parts = { gate: new AnswerGate(), streams, requestId: requestIds(services.random) }
  const serverFor = (handler: RequestListener) => door.leadTo(handler)
  const app = await buildApp({ ...services, readiness }, settings, { ...parts, serverFor })
  await app.ready()
  const { server } = app
  const lane = mayHaveFastLane(settings) ? new FastLane(server, services, settings, parts) : undefined
  const isTrusted = trustedProxies(settings.trustedProxies)
  let isOpen = false
  function drain(): void {
    if (isDraining) return
    isDraining = true
    // Added only now: a hook would cost every request of the server's life.
    server.prependListener('request', (_request, response) => response.setHeader('connection', 'close'))
    // Answers under way have their headers already: their connections end as soon as they are idle.
    server.keepAliveTimeout = 1
    server.closeIdleConnections()
    lane?.drain()
  }
  return {
    server,
    streams,
    readiness,
    document: () => app.swagger(),
    onWebSocket(takeOver) {
      handleUpgrades(server, takeOver, isTrusted)
      lane?.onWebSocket(takeOver)
    },
    listen(host, port) {
      door.open()
      lane?.open()
      if (!isOpen) shareConnections(server, services.limits.ledger.httpConnections, isTrusted)
      isOpen = true
      return door.listen(host, port)
    },
    setCertificate: (certificate) => renewCertificate(server, certificate),
    drain,
    close() {
      drain()
      streams.close()
      closed ??= door.close(CLOSE_GRACE_MS, lane).then(() => app.close())
      return closed
    },
  }
}
