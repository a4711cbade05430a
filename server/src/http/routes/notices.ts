import type { NoticeList } from '@rollcall/protocol/notices'
import { organizationOfStatistics } from '../../auth/auth.ts'
import { productVersion } from '../../observe/observe.ts'
import { JSON_TYPE } from '../answers/error-body.ts'
import type { App } from '../app-type.ts'
import { parseOrganization } from '../bodies/history-parameters.ts'
import { callerOf } from '../plugins/authenticate.ts'
import { answerRef, json, NEEDS_TOKEN, refusals, unchecked } from '../schemas/documentation.ts'
import { STATISTICS_PARAMETERS } from '../schemas/statistics.ts'
import type { HttpServices } from '../services.ts'
import type { HttpSettings } from '../settings.ts'

const schema = {
  operationId: 'listNotices',
  tags: ['Presence'],
  summary: 'What is wrong now',
  description:
    'For backends and administrators of the organization, and role SERVICE, who sees all organizations together where it names none. Empty: nothing is known to be.',
  security: NEEDS_TOKEN,
  querystring: STATISTICS_PARAMETERS,
  response: {
    200: json('What is wrong.', answerRef('NoticeList')),
    ...refusals(400, 401, 403, 404, 503),
  },
}

export function noticesRoute(
  app: App,
  { notices, clock }: Pick<HttpServices, 'notices' | 'clock'>,
  settings: Pick<HttpSettings, 'docs'>,
): void {
  app.get('/notices', { schema, validatorCompiler: unchecked }, async (request, reply) => {
    const organizationId = organizationOfStatistics(callerOf(request), parseOrganization(request.query))
    const answer: NoticeList = {
      at: new Date(clock.wallMs()).toISOString(),
      version: productVersion(),
      docs: settings.docs !== false,
      notices: await notices.read(organizationId),
    }
    reply.header('cache-control', 'no-store').header('content-type', JSON_TYPE)
    return reply.send(JSON.stringify(answer))
  })
}
