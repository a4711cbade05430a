import { callerAsSender, readableHistory } from '../../auth/auth.ts'
import { pageJson } from '../../history/history.ts'
import { JSON_TYPE } from '../answers/error-body.ts'
import type { App } from '../app-type.ts'
import { parseHistoryParameters } from '../bodies/history-parameters.ts'
import { dearly, HISTORY_PAGE_BYTES_MAX, historyPageCostMs } from '../dear-work.ts'
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
    ...refusals(400, 401, 429, 503),
  },
}

// The schema is for the documentation: `history-parameters.ts` names what is wrong.
const validatorCompiler = () => () => true

/** Processor time for a page that was looked for and not filled, besides; milliseconds. */
const LONG_LOOK_COST_MS = 10

export function listEventsRoute(app: App, services: Pick<HttpServices, 'history' | 'limits'>): void {
  app.get('/events', { schema, validatorCompiler }, async (request, reply) => {
    const { organizationId, filters, limit, cursor } = parseHistoryParameters(request.query)
    const caller = callerOf(request)
    const scope = readableHistory(caller, organizationId)
    const wanted = {
      what: 'history',
      caller,
      response: reply.raw,
      answerBytesMax: HISTORY_PAGE_BYTES_MAX,
    } as const
    const page = await dearly(services.limits, wanted, async () => {
      const { records, nextCursor } = await services.history.list(scope, filters, limit, cursor)
      const text = pageJson(records, nextCursor, { caller: callerAsSender(caller), scope })
      // There is more, but the search had to end: it has looked at as much as one may.
      const isLong = nextCursor !== undefined && records.length < limit
      return [text, historyPageCostMs(text.length) + (isLong ? LONG_LOOK_COST_MS : 0)]
    })
    reply.header('cache-control', 'no-store').header('content-type', JSON_TYPE)
    return reply.send(page)
  })
}
