import { ownUser } from '../../auth/auth.ts'
import { JSON_TYPE } from '../answers/error-body.ts'
import { userEndpoint } from '../answers/user-endpoint.ts'
import type { App } from '../app-type.ts'
import { callerOf } from '../plugins/authenticate.ts'
import { answerRef, json, NEEDS_TOKEN, refusals } from '../schemas/documentation.ts'
import type { HttpServices } from '../services.ts'

const schema = {
  operationId: 'listUserEndpoints',
  tags: ['Registrations'],
  summary: "The caller's own endpoints",
  security: NEEDS_TOKEN,
  response: {
    200: json('Those that are registered now, oldest first.', {
      type: 'array',
      items: answerRef('UserEndpoint'),
    }),
    ...refusals(400, 401, 503),
  },
}

export function listEndpointsRoute(app: App, services: Pick<HttpServices, 'registrar' | 'clock'>): void {
  app.get('/users/endpoints', { schema }, async (request, reply) => {
    const sightings = await services.registrar.look([ownUser(callerOf(request))], { link: true })
    const endpoints = sightings.map((sighting) => userEndpoint(services.clock, sighting))
    reply.header('cache-control', 'no-store').header('content-type', JSON_TYPE)
    return reply.send(JSON.stringify(endpoints))
  })
}
