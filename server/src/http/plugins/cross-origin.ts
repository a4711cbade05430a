import cors from '@fastify/cors'
import type { AllowedOrigins } from '../../config/config.ts'
import type { App } from '../app-type.ts'

/** Seconds a browser may remember a preflight. */
const PREFLIGHT_SECONDS = 600

/**
 * Lets pages of these origins call the API from a browser. Credentials are never allowed: callers bring a
 * bearer token, which no browser adds by itself. Costs nothing where no origin is configured.
 */
export async function allowOrigins(app: App, origins: AllowedOrigins): Promise<void> {
  if (origins.patterns.length === 0) return
  await app.register(cors, {
    // An empty list goes on without naming the origin, `false` would take away the answer to OPTIONS too.
    origin: origins.isEverybody
      ? '*'
      : (sent, answer) => answer(null, sent !== undefined && origins.has(sent) ? true : []),
    methods: ['GET', 'HEAD', 'POST', 'DELETE'],
    allowedHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key', 'Prefer', 'X-Request-Id'],
    exposedHeaders: [
      'Acknowledged',
      'Connected',
      'Event-Id',
      'Preference-Applied',
      'RateLimit',
      'RateLimit-Policy',
      'Retry-After',
      'WWW-Authenticate',
      'X-Request-Id',
    ],
    maxAge: PREFLIGHT_SECONDS,
    // Any other OPTIONS request is answered like every method that a path does not have.
    strictPreflight: false,
  })
}
