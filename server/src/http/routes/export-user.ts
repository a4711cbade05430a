import { Readable } from 'node:stream'
import { callerAsSender, type Principal, userToRevoke } from '../../auth/auth.ts'
import { recordJson } from '../../history/history.ts'
import { turnOf } from '../../limits/limits.ts'
import type { UserKey } from '../../store/store.ts'
import { JSON_TYPE } from '../answers/error-body.ts'
import { userEndpointInSight } from '../answers/user-endpoint.ts'
import type { App } from '../app-type.ts'
import { requireUserId } from '../bodies/user-id.ts'
import { dearly, HISTORY_PAGE_BYTES_MAX, historyPageCostMs } from '../dear-work.ts'
import { callerOf } from '../plugins/authenticate.ts'
import { answerRef, json, NEEDS_TOKEN, refusals, unchecked } from '../schemas/documentation.ts'
import { USER_PARAMETERS, USERS_QUERY } from '../schemas/users.ts'
import type { HttpServices } from '../services.ts'

const schema = {
  operationId: 'exportUser',
  tags: ['Identity'],
  summary: 'Everything that is kept of a user',
  description:
    'As one JSON object: its endpoints, when it was last seen, the events that it was sent or sent itself (masked, newest first), and what is kept for webhooks about it. It may be long and comes as it is read: one that breaks off is no JSON. For role SERVICE, and for administrators of the organization.',
  security: NEEDS_TOKEN,
  params: USER_PARAMETERS,
  querystring: USERS_QUERY,
  response: {
    200: json('All of it.', answerRef('UserExport')),
    ...refusals(400, 401, 403, 429, 503),
  },
}

type Services = Pick<HttpServices, 'registrar' | 'history' | 'webhooks' | 'limits' | 'clock'>

const PAGE = 200

export function exportUserRoute(app: App, services: Services): void {
  app.get('/users/:userId/export', { schema, validatorCompiler: unchecked }, async (request, reply) => {
    const caller = callerOf(request)
    const user = userToRevoke(caller, request.params.userId, request.query.organizationId)
    requireUserId(user.userId)
    const dear = {
      what: 'history',
      caller,
      response: reply.raw,
      answerBytesMax: HISTORY_PAGE_BYTES_MAX,
    } as const
    const head = await dearly(services.limits, dear, async () => [
      await headOf(services, user),
      historyPageCostMs(0),
    ])
    reply.header('cache-control', 'no-store').header('content-type', JSON_TYPE)
    return reply.send(Readable.from(pieces(services, caller, user, head), { objectMode: false }))
  })
}

async function headOf({ registrar, clock }: Services, user: UserKey): Promise<string> {
  const [sightings, seenAtWallMs] = await Promise.all([
    registrar.look([user], { depth: true, link: true }),
    registrar.lastSeenWallMs(user),
  ])
  return JSON.stringify({
    ...user,
    exportedAt: new Date(clock.wallMs()).toISOString(),
    lastSeenAt: seenAtWallMs === undefined ? null : new Date(seenAtWallMs).toISOString(),
    endpoints: sightings.map((sighting) => userEndpointInSight(clock, sighting)),
  })
}

/** One page of events at a time, each in the caller's turn, and no further than what has left. */
async function* pieces(
  { history, webhooks, limits }: Services,
  caller: Principal,
  user: UserKey,
  head: string,
): AsyncGenerator<string> {
  const rest = () => limits.turns.next(turnOf(caller))
  const told = await webhooks.concerning(user, rest)
  yield `${head.slice(0, -1)},"webhooks":${JSON.stringify(told)},"events":[`
  const { organizationId, userId } = user
  const scope = { organizationId, involvedUserId: userId }
  // Whoever may export reads the whole organization.
  const reader = { caller: callerAsSender(caller), scope: { organizationId } }
  let comma = ''
  let cursor: string | undefined
  do {
    const { records, nextCursor } = await history.list(scope, {}, PAGE, cursor)
    const text = records.map((record) => recordJson(record, reader)).join(',')
    if (text !== '') {
      yield comma + text
      comma = ','
    }
    limits.work.spend(caller, historyPageCostMs(text.length))
    cursor = nextCursor
    await rest()
  } while (cursor !== undefined)
  yield ']}'
}
