import { RollcallError } from '@rollcall/protocol/error-code'
import { userInSight } from '../../auth/auth.ts'
import type { App } from '../app-type.ts'
import { callerOf } from '../plugins/authenticate.ts'
import { NEEDS_TOKEN, noContent, refusals, unchecked } from '../schemas/documentation.ts'
import { USERS_ENDPOINT_PARAMETERS, USERS_QUERY } from '../schemas/users.ts'
import type { HttpServices } from '../services.ts'

const schema = {
  operationId: 'kickUserEndpoint',
  tags: ['Presence'],
  summary: "End one of a user's endpoints",
  description:
    'Ends the registration: waiting events are discarded, its MQTT connection is closed. The device may register again; to keep it out, revoke the user. For the same callers as the list.',
  security: NEEDS_TOKEN,
  params: USERS_ENDPOINT_PARAMETERS,
  querystring: USERS_QUERY,
  response: { 204: noContent('Ended.'), ...refusals(400, 401, 403, 404, 503) },
}

export function kickEndpointRoute(app: App, { registrar }: Pick<HttpServices, 'registrar'>): void {
  const options = { schema, validatorCompiler: unchecked }
  app.delete('/users/:userId/endpoints/:userEndpointId', options, async (request, reply) => {
    const { userId, userEndpointId } = request.params
    const user = userInSight(callerOf(request), userId, request.query.organizationId)
    await kick(registrar, { ...user, userEndpointId })
    reply.code(204)
  })
}

async function kick(
  registrar: HttpServices['registrar'],
  endpoint: Parameters<HttpServices['registrar']['unregister']>[0],
): Promise<void> {
  try {
    await registrar.unregister(endpoint, 'kicked')
  } catch (error) {
    if (error instanceof RollcallError && error.code === 'endpoint_unknown')
      throw new RollcallError('not_found')
    throw error
  }
}
