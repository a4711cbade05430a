import type { RegisterUserEndpointWebCommand } from '@rollcall/protocol/command'
import type { FastifyRequest } from 'fastify'
import { ownUser } from '../../auth/auth.ts'
import { JSON_TYPE } from '../answers/error-body.ts'
import type { App } from '../app-type.ts'
import type { AnswerGate } from '../connections/answer-gate.ts'
import { sendInOneWrite } from '../connections/one-write.ts'
import { callerOf } from '../plugins/authenticate.ts'
import { bodyErrors } from '../plugins/validation.ts'
import { registerCommand } from '../schemas/commands.ts'
import { answerRef, bodyRef, json, NEEDS_TOKEN, refusals } from '../schemas/documentation.ts'
import type { HttpServices } from '../services.ts'
import type { HttpSettings } from '../settings.ts'

const body = bodyRef<RegisterUserEndpointWebCommand>('RegisterUserEndpointWebCommand')
const DESCRIPTION =
  'Registers an endpoint of the caller, or refreshes it where the id is registered already: same answer, waiting events kept, the new period in place of the old.'

const createSchema = {
  operationId: 'createUserEndpoint',
  tags: ['Registrations'],
  summary: 'Create a new user endpoint aka register a user',
  description: DESCRIPTION,
  security: NEEDS_TOKEN,
  body,
  response: {
    200: json('The id of the endpoint.', { type: 'string' }),
    ...refusals(400, 401, 413, 415, 429, 503),
  },
}

const registerSchema = {
  operationId: 'registerUserEndpoint',
  tags: ['Registrations'],
  summary: 'Create a new user endpoint aka register a user, answered with an object',
  description: DESCRIPTION,
  security: NEEDS_TOKEN,
  body,
  response: {
    200: json('The id of the endpoint.', answerRef('RegisterResult')),
    ...refusals(400, 401, 413, 415, 429, 503),
  },
}

/** One operation with two paths: scripts read a bare JSON string, phones an object. */
export function registerRoutes(
  app: App,
  services: Pick<HttpServices, 'registrar' | 'limits' | 'wakeUps'>,
  { keepAliveSecondsMax }: Pick<HttpSettings, 'keepAliveSecondsMax'>,
  gate: AnswerGate,
): void {
  const schemaErrorFormatter = bodyErrors(registerCommand(keepAliveSecondsMax))
  app.post('/users/endpoints', { schema: createSchema, schemaErrorFormatter }, async (request, reply) => {
    const id = await register(services, request, request.body)
    sendInOneWrite(gate, reply, { 'content-type': JSON_TYPE }, JSON.stringify(id))
  })
  app.post(
    '/users/endpoints/register',
    { schema: registerSchema, schemaErrorFormatter },
    async (request, reply) => {
      const id = await register(services, request, request.body)
      sendInOneWrite(gate, reply, { 'content-type': JSON_TYPE }, JSON.stringify({ id }))
    },
  )
}

async function register(
  { registrar, limits, wakeUps }: Pick<HttpServices, 'registrar' | 'limits' | 'wakeUps'>,
  request: FastifyRequest,
  command: RegisterUserEndpointWebCommand,
): Promise<string> {
  const caller = callerOf(request)
  const user = ownUser(caller)
  limits.register(caller)
  const wakeUp = wakeUps.accept(user, command.wakeUp)
  const wanted = {
    // Empty means absent, as null does.
    userEndpointId: command.userEndpointId || undefined,
    keepAliveSeconds: command.keepAliveSeconds,
    serverKeepAliveReminderOn: command.serverKeepAliveReminderOn ?? false,
    ...(wakeUp === undefined ? {} : { wakeUp }),
  }
  const registration = await registrar.register(user, wanted, caller.expiresAtWallMs)
  return registration.userEndpointId
}
