import type { WebhookAttempt } from '@rollcall/protocol/webhook'
import { organizationInSight } from '../../auth/auth.ts'
import type { Attempt } from '../../webhooks/webhooks.ts'
import { JSON_TYPE } from '../answers/error-body.ts'
import type { App } from '../app-type.ts'
import { parseOrganization } from '../bodies/history-parameters.ts'
import { callerOf } from '../plugins/authenticate.ts'
import { BODY_OPTIONAL } from '../plugins/json-body.ts'
import { answerRef, json, NEEDS_TOKEN, refusals, unchecked } from '../schemas/documentation.ts'
import { WEBHOOK_PATH, WEBHOOKS_PARAMETERS } from '../schemas/webhooks.ts'
import type { HttpServices } from '../services.ts'

const common = {
  tags: ['Webhooks'],
  security: NEEDS_TOKEN,
  params: WEBHOOK_PATH,
  querystring: WEBHOOKS_PARAMETERS,
}

const listing = {
  ...common,
  operationId: 'listWebhookAttempts',
  summary: 'What was sent to a webhook lately, and what it answered',
  description:
    'The last 50 requests since the server started, newest first. For the same callers as the list.',
  response: {
    200: json('Newest first.', answerRef('WebhookAttempts')),
    ...refusals(400, 401, 403, 404),
  },
}

const testing = {
  ...common,
  operationId: 'testWebhook',
  summary: 'Send a webhook a test event',
  description:
    'One signed request with one event of type `WebhookTestEvent`, now, past all that waits; also to a webhook that is disabled. Answered once the receiver has answered, or after 10 s. Nothing is kept of it, and it is not tried again. At most one a second.',
  response: {
    200: json('What came of it.', answerRef('WebhookAttempt')),
    ...refusals(400, 401, 403, 404, 413, 415, 429),
  },
}

export function webhookAttemptRoutes(app: App, { webhooks }: Pick<HttpServices, 'webhooks'>): void {
  const options = { validatorCompiler: unchecked, config: BODY_OPTIONAL }
  app.get(
    '/webhooks/:webhookId/attempts',
    { schema: listing, validatorCompiler: unchecked },
    async (request, reply) => {
      const organizationId = organizationInSight(callerOf(request), parseOrganization(request.query))
      const attempts = webhooks.attempts(organizationId, request.params.webhookId).map(shown)
      reply.header('cache-control', 'no-store').header('content-type', JSON_TYPE)
      return reply.send(JSON.stringify({ attempts }))
    },
  )
  app.post('/webhooks/:webhookId/test', { schema: testing, ...options }, async (request, reply) => {
    const organizationId = organizationInSight(callerOf(request), parseOrganization(request.query))
    const attempt = await webhooks.test(organizationId, request.params.webhookId)
    reply.header('cache-control', 'no-store').header('content-type', JSON_TYPE)
    return reply.send(JSON.stringify(shown(attempt)))
  })
}

function shown({ atWallMs, ...rest }: Attempt): WebhookAttempt {
  return { at: new Date(atWallMs).toISOString(), ...rest }
}
