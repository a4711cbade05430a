import swagger from '@fastify/swagger'
import { createFastify } from './app.ts'
import type { ApiDocument, App } from './app-type.ts'
import { createAdminDoor, type Door, NOBODY } from './connections/door.ts'
import { renewCertificate } from './connections/node-server.ts'
import { serveDocs } from './plugins/docs-page.ts'
import { answerErrors } from './plugins/errors.ts'
import { requireTls } from './plugins/transport-security.ts'
import { healthRoutes } from './routes/health.ts'
import { metricsRoute } from './routes/metrics.ts'
import type { HttpServices } from './services.ts'
import type { Certificate, HttpSettings } from './settings.ts'

/** Time that a scrape under way gets to end, milliseconds. */
const CLOSE_GRACE_MS = 500

export type AdminOptions = {
  readonly services: HttpServices
  readonly settings: HttpSettings
  /** The port, which may listen already; it opens with `listen`. Default: one that is made now. */
  readonly door?: Door | undefined
  /** What is shown at `/docs`; `undefined`: nothing. */
  readonly document: ApiDocument | undefined
  /** Whether there are metrics. */
  readonly hasMetrics: boolean
}

/** The front for whoever runs the server, on a port of its own: metrics, documentation, health. */
export interface Admin {
  /** Resolves with the base URL once requests are served. Port 0: any free one. */
  listen(host: string, port: number): Promise<string>
  /** Uses another certificate for connections made from now on. */
  setCertificate(certificate: Certificate): void
  /** Resolves once the connections there are have ended, or were cut after half a second. Idempotent. */
  close(): Promise<void>
}

/** Builds that front; it does not listen yet. It speaks TLS where the other one does. */
export async function createAdmin(options: AdminOptions): Promise<Admin> {
  const door = options.door ?? createAdminDoor(options.settings, options.services)
  const app = await buildAdminApp(options, door)
  await app.ready()
  const { server } = app
  let closed: Promise<void> | undefined
  return {
    listen(host, port) {
      door.open()
      return door.listen(host, port)
    },
    setCertificate: (certificate) => renewCertificate(server, certificate),
    close() {
      closed ??= door.close(CLOSE_GRACE_MS).then(() => app.close())
      return closed
    },
  }
}

async function buildAdminApp(
  { services, settings, document, hasMetrics }: AdminOptions,
  door: Door,
): Promise<App> {
  const app = createFastify(
    services,
    { ...settings, allowedOrigins: NOBODY },
    { serverFor: (handler) => door.leadTo(handler) },
  )
  app.removeAllContentTypeParsers()
  app.setSerializerCompiler(() => JSON.stringify)
  answerErrors(app, services)
  if (settings.tls !== undefined) requireTls(app)
  healthRoutes(app, services.readiness)
  if (hasMetrics) metricsRoute(app, services, settings.metricsToken)
  if (document === undefined) return app
  await app.register(swagger, { openapi: {}, transformObject: () => document })
  // What it describes answers at the other port, which this page may not ask.
  await serveDocs(app, settings.tls !== undefined, { canTry: false })
  return app
}
