import type { FastifyRequest } from 'fastify'

/** The bytes of a body in a scope where bodies are raw. No body at all is an empty one, which is no JSON. */
export function rawBody({ body }: FastifyRequest): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0)
}
