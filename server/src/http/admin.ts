import swagger from '@fastify/swagger'
import { createFastify } from './app.ts'
import type { ApiDocument, App } from './app-type.ts'
import { closeServer } from './close-server.ts'
import { listen, renewCertificate } from './node-server.ts'
import { serveDocs } from './plugins/docs-page.ts'
import { answerErrors } from './plugins/errors.ts'
import { requireTls } from './plugins/transport-security.ts'
import { healthRoutes } from './routes/health.ts'
import { metricsRoute } from './routes/metrics.ts'
import type { HttpServices } from './services.ts'
import type { Certificate, HttpSettings } from './settings.ts'

/** No page of another origin has any business here. */
const NOBODY = { patterns: [], isEverybody: false, has: () => false }

/** Time that a scrape under way gets to end, milliseconds. */
const CLOSE_GRACE_MS = 500

export type AdminOptions = {
  readonly services: HttpServices
  readonly settings: HttpSettings
  /** What is shown at `/docs`; `undefined`: nothing. */
  readonly document: ApiDocument | undefined
  /** Whether there are metrics. */
  readonly hasMetrics: boolean
}

/** The front for whoever runs the server, on a port of its own: metrics, documentation, health. */
export interface Admin {
  /** Resolves with the base URL once connections are taken. Port 0: any free one. */
  listen(host: string, port: number): Promise<string>
  /** Uses another certificate for connections made from now on. */
  setCertificate(certificate: Certificate): void
  /** Resolves once the connections there are have ended, or were cut after half a second. Idempotent. */
  close(): Promise<void>
}

/** Builds that front; it does not listen yet. It speaks TLS where the other one does. */
export async function createAdmin(options: AdminOptions): Promise<Admin> {
  const app = await buildAdminApp(options)
  await app.ready()
  const { server } = app
  const { services } = options
  let closed: Promise<void> | undefined
  return {
    listen: (host, port) => listen(server, host, port, options),
    setCertificate: (certificate) => renewCertificate(server, certificate),
    close() {
      closed ??= closeServer(server, services.clock, CLOSE_GRACE_MS).then(() => app.close())
      return closed
    },
  }
}

async function buildAdminApp({ services, settings, document, hasMetrics }: AdminOptions): Promise<App> {
  const app = createFastify(services, { ...settings, allowedOrigins: NOBODY })
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
