import type { Statistics } from '@rollcall/protocol/statistics'
import { organizationOfStatistics } from '../../auth/auth.ts'
import { JSON_TYPE } from '../answers/error-body.ts'
import type { App } from '../app-type.ts'
import { parseOrganization } from '../bodies/history-parameters.ts'
import { callerOf } from '../plugins/authenticate.ts'
import { answerRef, json, NEEDS_TOKEN, refusals } from '../schemas/documentation.ts'
import { STATISTICS_PARAMETERS } from '../schemas/statistics.ts'
import type { HttpServices } from '../services.ts'

const schema = {
  operationId: 'statistics',
  tags: ['Presence'],
  summary: 'Live figures of an organization',
  description:
    'For backends and administrators of the organization, and role SERVICE. Gauges are as of now; everything else counts since the server started: take differences. Where several processes are the service, they are added up.',
  security: NEEDS_TOKEN,
  querystring: STATISTICS_PARAMETERS,
  response: {
    200: json('The figures.', answerRef('Statistics')),
    ...refusals(400, 401, 403, 503),
  },
}

// The schema is for the documentation: `history-parameters.ts` names what is wrong.
const validatorCompiler = () => () => true

type Services = Pick<HttpServices, 'registrar' | 'delivery' | 'figures' | 'history' | 'clock'>

export function statisticsRoute(app: App, services: Services): void {
  app.get('/statistics', { schema, validatorCompiler }, async (request, reply) => {
    const organizationId = organizationOfStatistics(callerOf(request), parseOrganization(request.query))
    reply.header('cache-control', 'no-store').header('content-type', JSON_TYPE)
    return reply.send(JSON.stringify(await figuresOf(services, organizationId)))
  })
}

async function figuresOf(
  { registrar, delivery, figures, history, clock }: Services,
  organizationId: string | null,
): Promise<Statistics> {
  const whose = organizationId ?? undefined
  const { sinceWallMs, connected, counts, shares, nodes } = await figures.read(organizationId)
  const { mailboxEvents, mailboxBytes } = await delivery.census(whose)
  const historyBytes = await history.held(organizationId)
  return {
    at: new Date(clock.wallMs()).toISOString(),
    since: new Date(sinceWallMs).toISOString(),
    organizationId,
    registrations: await registrar.count(whose),
    connected,
    mailboxEvents,
    mailboxBytes,
    ...counts,
    shares: { ...shares, historyBytes },
    nodes,
  }
}
