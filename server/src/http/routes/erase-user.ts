import type { UserErased } from '@rollcall/protocol/command'
import { userToRevoke } from '../../auth/auth.ts'
import { turnOf } from '../../limits/limits.ts'
import { JSON_TYPE } from '../answers/error-body.ts'
import type { App } from '../app-type.ts'
import { requireUserId } from '../bodies/user-id.ts'
import { callerOf } from '../plugins/authenticate.ts'
import { BODY_OPTIONAL } from '../plugins/json-body.ts'
import { answerRef, json, NEEDS_TOKEN, refusals, unchecked } from '../schemas/documentation.ts'
import { USER_PARAMETERS, USERS_QUERY } from '../schemas/users.ts'
import type { HttpServices } from '../services.ts'

const schema = {
  operationId: 'eraseUser',
  tags: ['Identity'],
  summary: 'Remove everything that is kept of a user',
  description:
    'Its sign-ins end as by `revoke`; then its registrations and mailboxes, the events that it was sent or sent itself, its calls, when it was last seen, and what webhooks were not told of it yet are removed. The answer comes once that is durable. What stays is in docs/guides/erasing-data.md. May be repeated. For role SERVICE, and for administrators of the organization (authority `ORGANIZATION_ADMIN` or `ROLE_ORGANIZATION_ADMIN`).',
  security: NEEDS_TOKEN,
  params: USER_PARAMETERS,
  querystring: USERS_QUERY,
  response: {
    200: json('How much was removed.', answerRef('UserErased')),
    ...refusals(400, 401, 403, 429, 503),
  },
}

/** What a step costs whoever asks, milliseconds of processor time: a block of the history that is written anew. */
const STEP_COST_MS = 5

type Services = Pick<HttpServices, 'auth' | 'registrar' | 'erasure' | 'limits'>

/** First nothing may register or send any more, then it is gone. Of an organization that has left the directory too. */
export function eraseUserRoute(app: App, { auth, registrar, erasure, limits }: Services): void {
  const options = { schema, validatorCompiler: unchecked, config: BODY_OPTIONAL }
  app.post('/users/:userId/erase', options, async (request, reply) => {
    const caller = callerOf(request)
    const user = userToRevoke(caller, request.params.userId, request.query.organizationId)
    requireUserId(user.userId)
    limits.work.admit(caller)
    const rest = (): Promise<void> => {
      limits.work.spend(caller, STEP_COST_MS)
      return limits.turns.next(turnOf(caller))
    }
    await auth.revokeUser(user)
    const sightings = await registrar.look([user], { depth: true })
    const waiting = sightings.reduce((sum, { depth }) => sum + depth, 0)
    await registrar.unregisterAll(user, 'revoked')
    const erased = await erasure.erase(user, rest)
    const answer: UserErased = {
      ...user,
      ...erased,
      registrations: erased.registrations + sightings.length,
      mailboxEvents: erased.mailboxEvents + waiting,
    }
    reply.header('cache-control', 'no-store').header('content-type', JSON_TYPE)
    return reply.send(JSON.stringify(answer))
  })
}
