import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AllowedOrigins } from '../../config/config.ts'
import { isPreflight, PREFLIGHT_HEADERS } from '../answers/cross-origin.ts'
import type { App } from '../app-type.ts'

/** Answers preflights, before anybody asks for a token: a browser sends none with them. */
export function answerPreflights(app: App, allowed: AllowedOrigins): void {
  if (allowed.patterns.length === 0) return
  app.addHook('onRequest', (request, reply, done) => {
    if (!answeredPreflight(request, reply, allowed)) done()
  })
}

/** For what comes by no hook. Tells whether it was one and is answered. */
export function answeredPreflight(
  { raw }: FastifyRequest,
  reply: FastifyReply,
  { patterns }: AllowedOrigins,
): boolean {
  if (patterns.length === 0 || !isPreflight(raw.method, raw.headers)) return false
  reply.code(204).headers(PREFLIGHT_HEADERS).send()
  return true
}
