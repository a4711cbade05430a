import { organizationInSight, type Principal } from '../../auth/auth.ts'
import { JSON_TYPE } from '../answers/error-body.ts'
import type { App } from '../app-type.ts'
import { parseOrganization } from '../bodies/history-parameters.ts'
import { parseDeadLetterIds, parseDeadLetterPage } from '../bodies/webhook-parameters.ts'
import { callerOf } from '../plugins/authenticate.ts'
import { BODY_OPTIONAL } from '../plugins/json-body.ts'
import { answerRef, json, NEEDS_TOKEN, noContent, refusals } from '../schemas/documentation.ts'
import {
  DEAD_LETTERS_PARAMETERS,
  REPLAY_BODY,
  WEBHOOK_PATH,
  WEBHOOKS_PARAMETERS,
} from '../schemas/webhooks.ts'
import type { HttpServices } from '../services.ts'

const common = { tags: ['Webhooks'], security: NEEDS_TOKEN, params: WEBHOOK_PATH }

const listing = {
  ...common,
  operationId: 'listDeadLetters',
  summary: 'Events that a webhook did not take',
  querystring: DEAD_LETTERS_PARAMETERS,
  response: {
    200: json('A page, oldest first.', answerRef('DeadLetterPage')),
    ...refusals(400, 401, 403, 404, 503),
  },
}

const replaying = {
  ...common,
  operationId: 'replayDeadLetters',
  summary: 'Send dead letters again',
  description:
    'Before anything else, oldest first. They leave the list when they are taken; the first request that fails ends it, and a restart of the server does too.',
  querystring: WEBHOOKS_PARAMETERS,
  body: REPLAY_BODY,
  response: {
    202: json('It has begun.', answerRef('Replay')),
    ...refusals(400, 401, 403, 404, 413, 415, 503),
  },
}

const clearing = {
  ...common,
  operationId: 'removeDeadLetters',
  summary: 'Drop all dead letters of a webhook',
  querystring: WEBHOOKS_PARAMETERS,
  response: { 204: noContent('Dropped.'), ...refusals(400, 401, 403, 404, 503) },
}

// The schemas are for the documentation: `webhook-parameters.ts` names what is wrong.
const validatorCompiler = () => () => true

export function deadLetterRoutes(app: App, { webhooks }: Pick<HttpServices, 'webhooks'>): void {
  const path = '/webhooks/:webhookId/deadLetters'
  app.get(path, { schema: listing, validatorCompiler }, async (request, reply) => {
    const { after, max } = parseDeadLetterPage(request.query)
    const { webhookId } = request.params
    const { letters, next } = await webhooks.deadLetters(
      organizationOf(callerOf(request), request.query),
      webhookId,
      after,
      max,
    )
    const deadLetters = letters.map(({ event, failure, failedAtWallMs }) => ({
      event,
      failure,
      failedAt: new Date(failedAtWallMs).toISOString(),
    }))
    const page = next === undefined ? { deadLetters } : { deadLetters, nextCursor: String(next) }
    reply.header('cache-control', 'no-store').header('content-type', JSON_TYPE)
    return reply.send(JSON.stringify(page))
  })
  app.post(
    `${path}/replay`,
    { schema: replaying, validatorCompiler, config: BODY_OPTIONAL },
    async (request, reply) => {
      const ids = parseDeadLetterIds(request.body)
      const count = await webhooks.replay(
        organizationOf(callerOf(request), request.query),
        request.params.webhookId,
        ids,
      )
      reply.code(202).header('content-type', JSON_TYPE)
      return reply.send(JSON.stringify({ count }))
    },
  )
  app.delete(path, { schema: clearing, validatorCompiler }, async (request, reply) => {
    await webhooks.removeDeadLetters(
      organizationOf(callerOf(request), request.query),
      request.params.webhookId,
    )
    reply.code(204)
  })
}

function organizationOf(caller: Principal, query: unknown): string {
  return organizationInSight(caller, parseOrganization(query))
}
