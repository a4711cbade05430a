import { isPrivileged, userInSight } from '../../auth/auth.ts'
import { JSON_TYPE } from '../answers/error-body.ts'
import { userEndpointInSight } from '../answers/user-endpoint.ts'
import type { App } from '../app-type.ts'
import { callerOf } from '../plugins/authenticate.ts'
import { answerRef, json, NEEDS_TOKEN, refusals, unchecked } from '../schemas/documentation.ts'
import { USER_PARAMETERS, USERS_QUERY } from '../schemas/users.ts'
import type { HttpServices } from '../services.ts'

const schema = {
  operationId: 'listEndpointsOfUser',
  tags: ['Presence'],
  summary: "A user's endpoints",
  description:
    'For backends and administrators within their organization, for role SERVICE, and for the user itself. Nobody learns whether a user exists: one who has no endpoint has an empty list.',
  security: NEEDS_TOKEN,
  params: USER_PARAMETERS,
  querystring: USERS_QUERY,
  response: {
    200: json('Those that are registered now, oldest first.', {
      type: 'array',
      items: answerRef('UserEndpoint'),
    }),
    ...refusals(400, 401, 403, 503),
  },
}

type Services = Pick<HttpServices, 'registrar' | 'clock' | 'nodes'>

export function listUsersEndpointsRoute(app: App, services: Services): void {
  app.get('/users/:userId/endpoints', { schema, validatorCompiler: unchecked }, async (request, reply) => {
    const caller = callerOf(request)
    const user = userInSight(caller, request.params.userId, request.query.organizationId)
    const sightings = await services.registrar.look([user], { depth: true, link: true })
    // Which process has it concerns nobody's own devices.
    const nameOf = isPrivileged(caller) ? services.nodes.nameOf : undefined
    const endpoints = sightings.map((sighting) => userEndpointInSight(services.clock, sighting, nameOf))
    reply.header('cache-control', 'no-store').header('content-type', JSON_TYPE)
    return reply.send(JSON.stringify(endpoints))
  })
}
