import type { MasksPreviewWebCommand } from '@rollcall/protocol/command'
import { parseMasksPreview } from '../../delivery/delivery.ts'
import { turnOf } from '../../limits/limits.ts'
import { JSON_TYPE } from '../answers/error-body.ts'
import type { App } from '../app-type.ts'
import { rawBody } from '../bodies/body.ts'
import { callerOf } from '../plugins/authenticate.ts'
import { answerRef, bodyRef, json, NEEDS_TOKEN, refusals } from '../schemas/documentation.ts'
import type { HttpServices } from '../services.ts'

const schema = {
  operationId: 'previewMasks',
  tags: ['History'],
  summary: 'What masks would hide',
  description:
    'Shows an event as it would be stored if it were sent with these masks, but for the id that it would get. Nothing is sent or stored. It counts as one event sent.',
  security: NEEDS_TOKEN,
  body: bodyRef<MasksPreviewWebCommand>('MasksPreviewWebCommand'),
  response: {
    200: json('The event, masked.', answerRef('MasksPreview')),
    ...refusals(400, 401, 413, 415, 429, 503),
  },
}

// The schema is for the documentation: delivery parses the bytes itself, as those of sendEvent.
const validatorCompiler = () => () => true

type Services = Pick<HttpServices, 'delivery' | 'limits'>

/** Needs a scope whose bodies are raw. */
export function previewMasksRoute(app: App, { delivery, limits }: Services): void {
  app.post('/masks/preview', { schema, validatorCompiler }, async (request, reply) => {
    const caller = callerOf(request)
    const command = parseMasksPreview(rawBody(request))
    limits.shedding.admit('mask-preview')
    await limits.turns.next(turnOf(caller))
    const event = delivery.previewMasks(caller, command)
    reply.header('cache-control', 'no-store').header('content-type', JSON_TYPE)
    return reply.send(`{"event":${event.toString('utf8')}}`)
  })
}
