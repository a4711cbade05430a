import { organizationInSight } from '../../auth/auth.ts'
import type { WebhookView } from '../../webhooks/webhooks.ts'
import { JSON_TYPE } from '../answers/error-body.ts'
import type { App } from '../app-type.ts'
import { parseOrganization } from '../bodies/history-parameters.ts'
import { callerOf } from '../plugins/authenticate.ts'
import { answerRef, json, NEEDS_TOKEN, refusals } from '../schemas/documentation.ts'
import { WEBHOOKS_PARAMETERS } from '../schemas/webhooks.ts'
import type { HttpServices } from '../services.ts'

const schema = {
  operationId: 'listWebhooks',
  tags: ['Webhooks'],
  summary: 'The webhooks of an organization and how they are doing',
  description: 'For backends and administrators of the organization, and role SERVICE.',
  security: NEEDS_TOKEN,
  querystring: WEBHOOKS_PARAMETERS,
  response: {
    200: json('In the order of the directory.', {
      type: 'object',
      properties: { webhooks: { type: 'array', items: answerRef('Webhook') } },
      required: ['webhooks'],
    }),
    ...refusals(400, 401, 403, 503),
  },
}

// The schema is for the documentation: `history-parameters.ts` names what is wrong.
const validatorCompiler = () => () => true

export function listWebhooksRoute(app: App, { webhooks }: Pick<HttpServices, 'webhooks'>): void {
  app.get('/webhooks', { schema, validatorCompiler }, async (request, reply) => {
    const organizationId = organizationInSight(callerOf(request), parseOrganization(request.query))
    reply.header('cache-control', 'no-store').header('content-type', JSON_TYPE)
    const listed = await webhooks.list(organizationId)
    return reply.send(JSON.stringify({ webhooks: listed.map(shown) }))
  })
}

function shown(webhook: WebhookView): object {
  const { id, url, events, enabled, pending, deadLetters, lastFailure } = webhook
  const { lastSuccessAtWallMs, lastFailureAtWallMs, nextAttemptAtWallMs } = webhook
  return {
    ...{ id, url, events: [...events], enabled, pending, deadLetters },
    ...instant('lastSuccessAt', lastSuccessAtWallMs),
    ...instant('lastFailureAt', lastFailureAtWallMs),
    ...(lastFailure === undefined ? {} : { lastFailure }),
    ...instant('nextAttemptAt', nextAttemptAtWallMs),
  }
}

function instant(name: string, wallMs: number | undefined): object {
  return wallMs === undefined ? {} : { [name]: new Date(wallMs).toISOString() }
}
