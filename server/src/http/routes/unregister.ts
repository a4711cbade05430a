import type { UnregisterUserEndpointWebCommand } from '@rollcall/protocol/command'
import { ownUser } from '../../auth/auth.ts'
import type { App } from '../app-type.ts'
import { callerOf } from '../plugins/authenticate.ts'
import { bodyErrors } from '../plugins/validation.ts'
import { unregisterCommand } from '../schemas/commands.ts'
import { bodyRef, NEEDS_TOKEN, noContent, refusals } from '../schemas/documentation.ts'
import type { HttpServices } from '../services.ts'

const schema = {
  operationId: 'unregisterUserEndpoint',
  tags: ['Registrations'],
  summary: 'Destroy an existing user endpoint aka unregister a user',
  description: 'Ends the registration: waiting events are discarded, its MQTT connection is closed.',
  security: NEEDS_TOKEN,
  body: bodyRef<UnregisterUserEndpointWebCommand>('UnregisterUserEndpointWebCommand'),
  response: {
    204: noContent('Unregistered.'),
    ...refusals(400, 401, 413, 415, 503),
  },
}

/** `reason` is checked and goes nowhere: it is the caller's own text, which may be about a person. */
export function unregisterRoute(app: App, { registrar }: Pick<HttpServices, 'registrar'>): void {
  const schemaErrorFormatter = bodyErrors(unregisterCommand())
  app.post('/users/endpoints/unregister', { schema, schemaErrorFormatter }, async (request, reply) => {
    const { userEndpointId } = request.body
    await registrar.unregister({ ...ownUser(callerOf(request)), userEndpointId })
    reply.code(204)
  })
}
