import type { UserPage, UserPresence } from '@rollcall/protocol/command'
import { organizationInSight, type Principal } from '../../auth/auth.ts'
import { turnOf } from '../../limits/limits.ts'
import { JSON_TYPE } from '../answers/error-body.ts'
import { byUser, userPresence } from '../answers/user-presence.ts'
import type { App } from '../app-type.ts'
import {
  decodeListCursor,
  encodeListCursor,
  type ListParameters,
  parseListParameters,
} from '../bodies/list-parameters.ts'
import { dearly } from '../dear-work.ts'
import { callerOf } from '../plugins/authenticate.ts'
import { answerRef, json, NEEDS_TOKEN, refusals, unchecked } from '../schemas/documentation.ts'
import { LIST_USERS_QUERY } from '../schemas/users.ts'
import type { HttpServices } from '../services.ts'

const schema = {
  operationId: 'listUsers',
  tags: ['Presence'],
  summary: 'The users of an organization',
  description:
    'By id: those who have an endpoint registered now, and those who were seen within 90 days. For backends and administrators of the organization, and role SERVICE. Every filter that is given must match. A page may have fewer users than asked for, or none, although more follow: as long as there is a `nextCursor`, there may be more.',
  security: NEEDS_TOKEN,
  querystring: LIST_USERS_QUERY,
  response: {
    200: json('A page of them.', answerRef('UserPage')),
    ...refusals(400, 401, 403, 404, 429, 503),
  },
}

type Services = Pick<HttpServices, 'registrar' | 'limits'>

/** A user's part of the answer at the most: an id of 128 characters, escaped, and some numbers; bytes. */
const USER_BYTES_MAX = 1_024
/** Processor time for a page, for each user that is looked at, and for each of its endpoints, milliseconds. */
const PAGE_COST_MS = 0.2
const USER_COST_MS = 0.005
const ENDPOINT_COST_MS = 0.001
/** Users that are looked at before others have their turn, and for one page. */
const USERS_AT_ONCE = 200
const LOOKED_AT_MAX = 20_000

export function listUsersRoute(app: App, services: Services): void {
  app.get('/users', { schema, validatorCompiler: unchecked }, async (request, reply) => {
    const wanted = parseListParameters(request.query)
    const caller = callerOf(request)
    const organizationId = organizationInSight(caller, wanted.organizationId)
    const list = [organizationId, wanted.prefix, wanted.connected, wanted.registered]
    const after = decodeListCursor(wanted.cursor, list)
    const answerBytesMax = wanted.limit * USER_BYTES_MAX
    const dear = { what: 'presence', caller, response: reply.raw, answerBytesMax } as const
    const { users, next } = await dearly(services.limits, dear, async () => {
      const page = await pageOf(services, { ...wanted, caller, organizationId, after })
      return [page, page.costMs]
    })
    const answer: UserPage =
      next === undefined ? { users } : { users, nextCursor: encodeListCursor(next, list) }
    reply.header('cache-control', 'no-store').header('content-type', JSON_TYPE)
    return reply.send(JSON.stringify(answer))
  })
}

type Wanted = ListParameters & {
  readonly caller: Principal
  readonly organizationId: string
  readonly after: string
}
type Page = {
  readonly users: readonly UserPresence[]
  readonly next: string | undefined
  readonly costMs: number
}

/** Looks at so many users and no more: where few match, the page is short and says where to go on. */
async function pageOf(services: Services, wanted: Wanted): Promise<Page> {
  const { caller, organizationId, prefix, limit } = wanted
  const users: UserPresence[] = []
  let after = wanted.after
  let costMs = PAGE_COST_MS
  for (let looked = 0; looked < LOOKED_AT_MAX; looked += USERS_AT_ONCE) {
    if (looked > 0) await services.limits.turns.next(turnOf(caller))
    const max = Math.min(USERS_AT_ONCE, limit - users.length)
    const found = await services.registrar.users(organizationId, { prefix, after, max })
    const keys = found.users.map(({ userId }) => ({ organizationId, userId }))
    const sightings = byUser(await services.registrar.look(keys, { link: true }))
    for (const { userId, lastSeenWallMs } of found.users) {
      const user = userPresence(userId, sightings.get(userId) ?? [], lastSeenWallMs)
      costMs += USER_COST_MS + user.registered * ENDPOINT_COST_MS
      if (isWanted(user, wanted)) users.push(user)
    }
    if (found.next === undefined) return { users, next: undefined, costMs }
    after = found.next
    if (users.length >= limit) break
  }
  return { users, next: after, costMs }
}

function isWanted(
  user: UserPresence,
  { connected, registered }: Pick<ListParameters, 'connected' | 'registered'>,
): boolean {
  const isConnected = connected === undefined || user.connected > 0 === connected
  return isConnected && (registered === undefined || user.registered > 0 === registered)
}
