import type { KeepUserEndpointAliveWebCommand } from '@rollcall/protocol/command'
import { ownUser } from '../../auth/auth.ts'
import type { App } from '../app-type.ts'
import type { AnswerGate } from '../connections/answer-gate.ts'
import { callerOf } from '../plugins/authenticate.ts'
import { bodyErrors } from '../plugins/validation.ts'
import { keepaliveCommand } from '../schemas/commands.ts'
import { bodyRef, NEEDS_TOKEN, noContent, refusals } from '../schemas/documentation.ts'
import type { HttpServices } from '../services.ts'

const schema = {
  operationId: 'keepUserEndpointAlive',
  tags: ['Registrations'],
  summary: 'Send keepalive for a user endpoint',
  description:
    'Keeps the endpoint alive for another period, and its MQTT connection authorized for as long as this token is. Never brings an expired endpoint back.',
  security: NEEDS_TOKEN,
  body: bodyRef<KeepUserEndpointAliveWebCommand>('KeepUserEndpointAliveWebCommand'),
  response: {
    204: noContent('Kept alive.'),
    ...refusals(400, 401, 413, 415, 503),
  },
}

/** The hot path: two thirds of all requests. */
export function keepaliveRoute(
  app: App,
  { registrar }: Pick<HttpServices, 'registrar'>,
  gate: AnswerGate,
): void {
  const schemaErrorFormatter = bodyErrors(keepaliveCommand())
  app.post('/users/endpoints/keepalive', { schema, schemaErrorFormatter }, async (request, reply) => {
    const caller = callerOf(request)
    const { organizationId, userId } = ownUser(caller)
    const endpoint = { organizationId, userId, userEndpointId: request.body.userEndpointId }
    await registrar.keepalive(endpoint, caller.expiresAtWallMs)
    await gate.opened()
    reply.code(204)
  })
}
