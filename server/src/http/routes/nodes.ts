import type { Failover, NodeList, RedisInSight } from '@rollcall/protocol/nodes'
import { organizationOfStatistics } from '../../auth/auth.ts'
import { JSON_TYPE } from '../answers/error-body.ts'
import type { App } from '../app-type.ts'
import { parseOrganization } from '../bodies/history-parameters.ts'
import { callerOf } from '../plugins/authenticate.ts'
import { answerRef, json, NEEDS_TOKEN, refusals, unchecked } from '../schemas/documentation.ts'
import { STATISTICS_PARAMETERS } from '../schemas/statistics.ts'
import type { HttpServices } from '../services.ts'

const schema = {
  operationId: 'listNodes',
  tags: ['Presence'],
  summary: 'The processes of the service, and their store',
  description:
    'For backends and administrators, who are told how many connections of their own organization each process has, and for role SERVICE, which is told where each Redis is besides. What a process does not say within a second is left out; where the store is away, what is known without it is answered.',
  security: NEEDS_TOKEN,
  querystring: STATISTICS_PARAMETERS,
  response: {
    200: json('The processes.', answerRef('NodeList')),
    ...refusals(400, 401, 403, 404, 503),
  },
}

export function nodesRoute(app: App, { nodes }: Pick<HttpServices, 'nodes'>): void {
  app.get('/nodes', { schema, validatorCompiler: unchecked }, async (request, reply) => {
    const caller = callerOf(request)
    const organizationId = organizationOfStatistics(caller, parseOrganization(request.query))
    const list = await nodes.read(organizationId)
    reply.header('cache-control', 'no-store').header('content-type', JSON_TYPE)
    return reply.send(JSON.stringify(caller.organizationId === null ? list : withoutPlaces(list)))
  })
}

/** Where a Redis is concerns those who run the service, and no tenant of it. */
function withoutPlaces({ store, happened, ...list }: NodeList): NodeList {
  const { redis, ...rest } = store
  return {
    ...list,
    store: { ...rest, ...(redis === undefined ? {} : { redis: redisWithoutPlaces(redis) }) },
    happened: happened.map(({ redis: _redis, failure: _failure, from: _from, to: _to, ...one }) => one),
  }
}

function redisWithoutPlaces({ primaries, failover, ...redis }: RedisInSight): RedisInSight {
  return {
    ...redis,
    primaries: primaries.map(({ redis: _, ...primary }) => primary),
    ...(failover === undefined ? {} : { failover: failoverWithoutPlaces(failover) }),
  }
}

function failoverWithoutPlaces({ at, partitions }: Failover): Failover {
  return { at, partitions }
}
