import { readableHistory } from '../../auth/auth.ts'
import { pageJson } from '../../history/history.ts'
import type { App } from '../app-type.ts'
import { JSON_TYPE } from '../error-body.ts'
import { parseHistoryParameters } from '../history-parameters.ts'
import { callerOf } from '../plugins/authenticate.ts'
import { answerRef, json, NEEDS_TOKEN, refusals } from '../schemas/documentation.ts'
import { HISTORY_PARAMETERS } from '../schemas/history.ts'
import type { HttpServices } from '../services.ts'

const schema = {
  operationId: 'listEvents',
  tags: ['History'],
  summary: 'Events and what became of them',
  description:
    'What the caller may read, as for one event. Newest first. Every filter that is given must match. A page may have fewer events than asked for, or none, although more follow: as long as there is a `nextCursor`, there may be more.',
  security: NEEDS_TOKEN,
  querystring: HISTORY_PARAMETERS,
  response: {
    200: json('A page of the events that the caller may read.', answerRef('HistoryPage')),
    ...refusals(400, 401, 503),
  },
}

// The schema is for the documentation: `history-parameters.ts` names what is wrong.
const validatorCompiler = () => () => true

export function listEventsRoute(app: App, { history }: Pick<HttpServices, 'history'>): void {
  app.get('/events', { schema, validatorCompiler }, async (request, reply) => {
    const { organizationId, filters, limit, cursor } = parseHistoryParameters(request.query)
    const scope = readableHistory(callerOf(request), organizationId)
    const { records, nextCursor } = await history.list(scope, filters, limit, cursor)
    reply.header('cache-control', 'no-store').header('content-type', JSON_TYPE)
    return reply.send(pageJson(records, nextCursor))
  })
}
