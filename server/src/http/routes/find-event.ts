import { RollcallError } from '@rollcall/protocol/error-code'
import { Type } from 'typebox'
import { callerAsSender, readableHistory } from '../../auth/auth.ts'
import { recordJson } from '../../history/history.ts'
import { JSON_TYPE } from '../answers/error-body.ts'
import type { App } from '../app-type.ts'
import { parseOrganization } from '../bodies/history-parameters.ts'
import { callerOf } from '../plugins/authenticate.ts'
import { answerRef, json, NEEDS_TOKEN, refusals } from '../schemas/documentation.ts'
import { ORGANIZATION_PARAMETER } from '../schemas/history.ts'
import type { HttpServices } from '../services.ts'

const schema = {
  operationId: 'findEvent',
  tags: ['History'],
  summary: 'What became of an event',
  description:
    'Of events with the same id, and among those that the caller may read: the newest that it sent itself, else the newest from a backend or role SERVICE, else the newest. `sentBy` says whose it is. Backends and administrators read what was sent in their organization, callers with role SERVICE everything, everybody else what they sent or were sent.',
  security: NEEDS_TOKEN,
  params: Type.Object({
    eventId: Type.String({ description: 'The event’s `id`, or the header `Event-Id`.' }),
  }),
  querystring: Type.Object(ORGANIZATION_PARAMETER),
  response: {
    200: json('The event, masked, and what became of it.', answerRef('HistoryRecord')),
    ...refusals(400, 401, 404, 503),
  },
}

// The schema is for the documentation: `history-parameters.ts` names what is wrong.
const validatorCompiler = () => () => true

/** 404 for an id that is unknown, forgotten, another organization's or not the caller's to read: nobody learns which. */
export function findEventRoute(app: App, { history }: Pick<HttpServices, 'history'>): void {
  app.get('/events/:eventId', { schema, validatorCompiler }, async (request, reply) => {
    const caller = callerOf(request)
    const reader = {
      caller: callerAsSender(caller),
      scope: readableHistory(caller, parseOrganization(request.query)),
    }
    const record = await history.find(reader, request.params.eventId)
    if (record === undefined) throw new RollcallError('not_found')
    reply.header('cache-control', 'no-store').header('content-type', JSON_TYPE)
    return reply.send(recordJson(record, reader))
  })
}
