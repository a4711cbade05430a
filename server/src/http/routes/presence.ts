import type { UserPresence, UserPresences, UserPresenceWebCommand } from '@rollcall/protocol/command'
import { userInSight } from '../../auth/auth.ts'
import type { UserKey } from '../../store/store.ts'
import type { App } from '../app-type.ts'
import { JSON_TYPE } from '../error-body.ts'
import { callerOf } from '../plugins/authenticate.ts'
import { parsePresence } from '../presence-command.ts'
import { answerRef, bodyRef, json, NEEDS_TOKEN, refusals } from '../schemas/documentation.ts'
import { unchecked } from '../schemas/users.ts'
import type { HttpServices } from '../services.ts'

const schema = {
  operationId: 'findPresence',
  tags: ['Presence'],
  summary: 'Who is there',
  description:
    'How many endpoints each user has registered and connected, and when the user was last seen. For the same callers as the list of endpoints. A user who does not exist looks like one who was never seen.',
  security: NEEDS_TOKEN,
  body: bodyRef<UserPresenceWebCommand>('UserPresenceWebCommand'),
  response: {
    200: json('The users, in the order asked.', answerRef('UserPresences')),
    ...refusals(400, 401, 403, 413, 415, 503),
  },
}

type Services = Pick<HttpServices, 'registrar' | 'delivery'>

export function presenceRoute(app: App, services: Services): void {
  app.post('/users/presence', { schema, validatorCompiler: unchecked }, async (request, reply) => {
    const caller = callerOf(request)
    const { userIds, organizationId } = parsePresence(request.body)
    const keys = userIds.map((userId) => userInSight(caller, userId, organizationId))
    const users = await Promise.all(keys.map((user) => presenceOf(services, user)))
    const answer: UserPresences = { users }
    reply.header('cache-control', 'no-store').header('content-type', JSON_TYPE)
    return reply.send(JSON.stringify(answer))
  })
}

async function presenceOf({ registrar, delivery }: Services, user: UserKey): Promise<UserPresence> {
  const [registrations, seenAtWallMs] = await Promise.all([
    registrar.list(user),
    registrar.lastSeenWallMs(user),
  ])
  return {
    userId: user.userId,
    registered: registrations.length,
    connected: registrations.filter((registration) => delivery.isConnected(registration)).length,
    lastSeenAt: seenAtWallMs === undefined ? null : new Date(seenAtWallMs).toISOString(),
  }
}
