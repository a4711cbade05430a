import type { WakeUpWays } from '@rollcall/protocol/command'
import { ownUser } from '../../auth/auth.ts'
import { JSON_TYPE } from '../answers/error-body.ts'
import type { App } from '../app-type.ts'
import { callerOf } from '../plugins/authenticate.ts'
import { answerRef, json, NEEDS_TOKEN, refusals } from '../schemas/documentation.ts'
import type { HttpServices } from '../services.ts'

const schema = {
  operationId: 'findWakeUpWays',
  tags: ['Registrations'],
  summary: 'How devices can be woken here',
  description: 'What an app needs before it registers with a `wakeUp`.',
  security: NEEDS_TOKEN,
  response: {
    200: json('The ways.', answerRef('WakeUpWays')),
    ...refusals(400, 401),
  },
}

export function wakeUpWaysRoute(app: App, { wakeUps }: Pick<HttpServices, 'wakeUps'>): void {
  app.get('/wakeUps', { schema }, (request, reply) => {
    const { organizationId } = ownUser(callerOf(request))
    const webhookIds = wakeUps.webhookIds(organizationId)
    const ways: WakeUpWays = { vapidPublicKey: wakeUps.vapidPublicKey ?? null, webhookIds }
    reply.header('cache-control', 'no-store').header('content-type', JSON_TYPE)
    reply.send(JSON.stringify(ways))
  })
}
