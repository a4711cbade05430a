import type { AnswerEventWebCommand } from '@rollcall/protocol/command'
import { Type } from 'typebox'
import { ownUser } from '../../auth/auth.ts'
import { parseAnswer } from '../../delivery/delivery.ts'
import type { App } from '../app-type.ts'
import { rawBody } from '../bodies/body.ts'
import type { AnswerGate } from '../connections/answer-gate.ts'
import { callerOf } from '../plugins/authenticate.ts'
import { bodyRef, NEEDS_TOKEN, noContent, refusals } from '../schemas/documentation.ts'
import type { HttpServices } from '../services.ts'

const schema = {
  operationId: 'answerEvent',
  tags: ['Registrations'],
  summary: 'Answer an event, as the first of your endpoints',
  description:
    'For the recipient: the person at this endpoint took the call. The first endpoint wins, once; it may say so again, and every later one is told who was first. Possible while the lifetime of the event lasts, or for a day where it has none, also after the device has acknowledged it.',
  security: NEEDS_TOKEN,
  params: Type.Object({
    eventId: Type.String({ description: 'The event’s `id`.' }),
  }),
  body: bodyRef<AnswerEventWebCommand>('AnswerEventWebCommand'),
  response: {
    204: noContent('This endpoint is the first, now or before. That is durable.'),
    ...refusals(400, 401, 404, 409, 413, 415, 503),
  },
}

// The schema is for the documentation: delivery parses the bytes itself, because they are kept.
const validatorCompiler = () => () => true

/** Needs a scope whose bodies are raw. */
export function answerEventRoute(
  app: App,
  { delivery }: Pick<HttpServices, 'delivery'>,
  gate: AnswerGate,
): void {
  app.post('/events/:eventId/answer', { schema, validatorCompiler }, async (request, reply) => {
    const user = ownUser(callerOf(request))
    await delivery.answer(user, parseAnswer(rawBody(request), { eventId: request.params.eventId }))
    await gate.opened()
    reply.code(204)
  })
}
