import type { App } from '../app-type.ts'

/** RFC 6797: a year. */
export const STRICT_TRANSPORT_SECONDS = 31_536_000

/** Tells browsers to come by HTTPS only. Only for servers that speak TLS themselves (RFC 6797 §7.2). */
export function requireTls(app: App): void {
  app.addHook('onRequest', (_request, reply, done) => {
    reply.raw.setHeader('strict-transport-security', `max-age=${STRICT_TRANSPORT_SECONDS}`)
    done()
  })
}
