import type { UserPresence, UserPresences, UserPresenceWebCommand } from '@rollcall/protocol/command'
import { type Principal, userInSight } from '../../auth/auth.ts'
import { turnOf } from '../../limits/limits.ts'
import type { UserKey } from '../../store/store.ts'
import { JSON_TYPE } from '../answers/error-body.ts'
import { byUser, userPresence } from '../answers/user-presence.ts'
import type { App } from '../app-type.ts'
import { parsePresence } from '../bodies/presence-command.ts'
import { dearly } from '../dear-work.ts'
import { callerOf } from '../plugins/authenticate.ts'
import { answerRef, bodyRef, json, NEEDS_TOKEN, refusals, unchecked } from '../schemas/documentation.ts'
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
    ...refusals(400, 401, 403, 413, 415, 429, 503),
  },
}

type Services = Pick<HttpServices, 'registrar' | 'limits'>

/** A user's part of the answer at the most: an id of 128 characters, escaped, and some numbers; bytes. */
const USER_BYTES_MAX = 1_024
/** Processor time for a user, and for each endpoint that is looked at, milliseconds. */
const USER_COST_MS = 0.005
const ENDPOINT_COST_MS = 0.001
/** Users that are looked up before others have their turn. */
const USERS_AT_ONCE = 50

export function presenceRoute(app: App, services: Services): void {
  app.post('/users/presence', { schema, validatorCompiler: unchecked }, async (request, reply) => {
    const caller = callerOf(request)
    const { userIds, organizationId } = parsePresence(request.body)
    const keys = userIds.map((userId) => userInSight(caller, userId, organizationId))
    const answerBytesMax = keys.length * USER_BYTES_MAX
    const wanted = { what: 'presence', caller, response: reply.raw, answerBytesMax } as const
    const users = await dearly(services.limits, wanted, () => presenceOfAll(services, caller, keys))
    const answer: UserPresences = { users }
    reply.header('cache-control', 'no-store').header('content-type', JSON_TYPE)
    return reply.send(JSON.stringify(answer))
  })
}

/** In the order asked. A user who is named twice is looked up once. */
async function presenceOfAll(
  services: Services,
  caller: Principal,
  keys: readonly UserKey[],
): Promise<readonly [readonly UserPresence[], number]> {
  const wanted = [...new Map(keys.map((key) => [key.userId, key])).values()]
  const found = new Map<string, UserPresence>()
  let costMs = 0
  for (let from = 0; from < wanted.length; from += USERS_AT_ONCE) {
    if (from > 0) await services.limits.turns.next(turnOf(caller))
    for (const presence of await presenceOf(services, wanted.slice(from, from + USERS_AT_ONCE))) {
      found.set(presence.userId, presence)
      costMs += USER_COST_MS + presence.registered * ENDPOINT_COST_MS
    }
  }
  return [keys.flatMap(({ userId }) => found.get(userId) ?? []), costMs]
}

async function presenceOf({ registrar }: Services, users: readonly UserKey[]): Promise<UserPresence[]> {
  const sightings = byUser(await registrar.look(users, { link: true }))
  return Promise.all(
    users.map(async (user) =>
      userPresence(user.userId, sightings.get(user.userId) ?? [], await registrar.lastSeenWallMs(user)),
    ),
  )
}
