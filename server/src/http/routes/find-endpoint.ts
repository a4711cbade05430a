import { RollcallError } from '@rollcall/protocol/error-code'
import { isId } from '@rollcall/protocol/id'
import { Type } from 'typebox'
import { ownUser } from '../../auth/auth.ts'
import { JSON_TYPE } from '../answers/error-body.ts'
import { userEndpoint } from '../answers/user-endpoint.ts'
import type { App } from '../app-type.ts'
import { callerOf } from '../plugins/authenticate.ts'
import { answerRef, json, NEEDS_TOKEN, refusals } from '../schemas/documentation.ts'
import type { HttpServices } from '../services.ts'

const schema = {
  operationId: 'findUserEndpoint',
  tags: ['Registrations'],
  summary: "One of the caller's own endpoints",
  security: NEEDS_TOKEN,
  params: Type.Object({ userEndpointId: Type.String() }),
  response: {
    200: json('The endpoint.', answerRef('UserEndpoint')),
    ...refusals(400, 401, 404, 503),
  },
}

/** 404 for an id that is unknown, expired, another user's or no id at all: nobody learns which. */
export function findEndpointRoute(app: App, services: Pick<HttpServices, 'registrar' | 'clock'>): void {
  app.get('/users/endpoints/:userEndpointId', { schema }, async (request, reply) => {
    const { userEndpointId } = request.params
    const user = ownUser(callerOf(request))
    if (!isId(userEndpointId)) throw new RollcallError('not_found')
    const [found] = await services.registrar.look([{ ...user, userEndpointId }], { link: true })
    if (found === undefined) throw new RollcallError('not_found')
    reply.header('cache-control', 'no-store').header('content-type', JSON_TYPE)
    return reply.send(JSON.stringify(userEndpoint(services.clock, found)))
  })
}
