import type { RevokeUserWebCommand } from '@rollcall/protocol/command'
import { userToRevoke } from '../../auth/auth.ts'
import type { App } from '../app-type.ts'
import { requireUserId } from '../bodies/user-id.ts'
import { callerOf } from '../plugins/authenticate.ts'
import { BODY_OPTIONAL } from '../plugins/json-body.ts'
import { bodyRef, NEEDS_TOKEN, noContent, refusals, unchecked } from '../schemas/documentation.ts'
import { USER_PARAMETERS, USERS_QUERY } from '../schemas/users.ts'
import type { HttpServices } from '../services.ts'

const schema = {
  operationId: 'revokeUser',
  tags: ['Identity'],
  summary: 'End everything that was issued to a user',
  description:
    'Access tokens and sign-ins from before are refused from now on, MQTT connections are closed, registrations end. The user may sign in again; to keep it out, disable it. For role SERVICE, and for administrators of the organization (authority `ORGANIZATION_ADMIN` or `ROLE_ORGANIZATION_ADMIN`).',
  security: NEEDS_TOKEN,
  params: USER_PARAMETERS,
  querystring: USERS_QUERY,
  body: bodyRef<RevokeUserWebCommand | undefined>('RevokeUserWebCommand'),
  response: { 204: noContent('Everything has ended.'), ...refusals(400, 401, 403, 413, 415, 503) },
}

/** First the tokens, so that links end as not authorized and nothing registers again; then what they registered. */
export function revokeUserRoute(
  app: App,
  { auth, registrar }: Pick<HttpServices, 'auth' | 'registrar'>,
): void {
  const options = { schema, validatorCompiler: unchecked, config: BODY_OPTIONAL }
  app.post('/users/:userId/revoke', options, async (request, reply) => {
    const organizationId = request.query.organizationId ?? organizationOf(request.body)
    const user = userToRevoke(callerOf(request), request.params.userId, organizationId)
    requireUserId(user.userId)
    await auth.revokeUser(user)
    await registrar.unregisterAll(user, 'revoked')
    reply.code(204)
  })
}

function organizationOf(body: unknown): unknown {
  return typeof body === 'object' && body !== null ? Reflect.get(body, 'organizationId') : undefined
}
