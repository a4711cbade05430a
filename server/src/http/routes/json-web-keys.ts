import { JSON_TYPE } from '../answers/error-body.ts'
import type { App } from '../app-type.ts'
import { json } from '../schemas/documentation.ts'
import type { HttpServices } from '../services.ts'

const schema = {
  operationId: 'getJsonWebKeys',
  tags: ['Identity'],
  summary: 'The public keys that access tokens are signed with',
  security: [],
  response: { 200: json('A JWK set (RFC 7517).', { type: 'object', additionalProperties: true }) },
}

export function jsonWebKeysRoute(app: App, { auth }: HttpServices): void {
  app.get('/.well-known/jwks.json', { schema }, (_request, reply) => {
    // Short, so that a verifier soon sees a key that was rotated in.
    reply.header('cache-control', 'public, max-age=60').header('content-type', JSON_TYPE)
    reply.send(JSON.stringify(auth.jwks()))
  })
}
