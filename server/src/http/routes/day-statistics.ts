import { organizationOfStatistics } from '../../auth/auth.ts'
import { JSON_TYPE } from '../answers/error-body.ts'
import type { App } from '../app-type.ts'
import { parseDayParameters } from '../bodies/day-parameters.ts'
import { dearly } from '../dear-work.ts'
import { callerOf } from '../plugins/authenticate.ts'
import { DAY_PARAMETERS } from '../schemas/day-statistics.ts'
import { answerRef, json, NEEDS_TOKEN, refusals, unchecked } from '../schemas/documentation.ts'
import type { HttpServices } from '../services.ts'

const schema = {
  operationId: 'dayStatistics',
  tags: ['Presence'],
  summary: 'The last day of an organization',
  description:
    'For backends and administrators of the organization, and role SERVICE. The last 24 hours in steps, kept over restarts. `null`: nothing is known of that step, for the server did not run. Counts are those of the step by itself.',
  security: NEEDS_TOKEN,
  querystring: DAY_PARAMETERS,
  response: {
    200: json('The series.', answerRef('DayStatistics')),
    ...refusals(400, 401, 403, 404, 429, 503),
  },
}

/** As large as the answer may be: a day of minutes; bytes. */
const ANSWER_BYTES_MAX = 524_288
/** Processor time for the rows of a day, milliseconds. */
const COST_MS = 10

export function dayStatisticsRoute(
  app: App,
  { charts, limits }: Pick<HttpServices, 'charts' | 'limits'>,
): void {
  app.get('/statistics/day', { schema, validatorCompiler: unchecked }, async (request, reply) => {
    const { organizationId: named, stepSeconds } = parseDayParameters(request.query)
    const caller = callerOf(request)
    const organizationId = organizationOfStatistics(caller, named)
    const wanted = { what: 'history', caller, response: reply.raw, answerBytesMax: ANSWER_BYTES_MAX } as const
    const day = await dearly(limits, wanted, async () => {
      return [JSON.stringify(await charts.day(organizationId, stepSeconds)), COST_MS]
    })
    reply.header('cache-control', 'no-store').header('content-type', JSON_TYPE)
    return reply.send(day)
  })
}
