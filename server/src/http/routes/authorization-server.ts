import { JSON_TYPE } from '../answers/error-body.ts'
import type { App } from '../app-type.ts'
import { json } from '../schemas/documentation.ts'
import type { HttpServices } from '../services.ts'

const schema = {
  operationId: 'getAuthorizationServer',
  tags: ['Identity'],
  summary: 'What the OAuth2 endpoints can do',
  security: [],
  response: { 200: json('RFC 8414 metadata.', { type: 'object', additionalProperties: true }) },
}

export function authorizationServerRoute(app: App, { auth }: HttpServices): void {
  app.get('/.well-known/oauth-authorization-server', { schema }, (_request, reply) => {
    reply.header('cache-control', 'public, max-age=60').header('content-type', JSON_TYPE)
    reply.send(JSON.stringify(auth.metadata()))
  })
}
