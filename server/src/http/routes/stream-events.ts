import { RollcallError } from '@rollcall/protocol/error-code'
import { isId } from '@rollcall/protocol/id'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { ownUser } from '../../auth/auth.ts'
import type { App } from '../app-type.ts'
import { bearerToken, callerOf } from '../plugins/authenticate.ts'
import { NEEDS_TOKEN, refusals, text, unchecked } from '../schemas/documentation.ts'
import type { HttpServices } from '../services.ts'
import type { EventStreams } from '../streams/streams.ts'

const STREAM_TYPE = 'text/event-stream'
const AGENT_CHARACTERS_MAX = 256

const schema = {
  operationId: 'streamEvents',
  tags: ['Registrations'],
  summary: "An endpoint's events as server-sent events",
  description:
    'For where WebSocket does not get through. The stream is the link of the endpoint: it takes over from the one before, and ends with a message `closed` that says why. Messages without a name are events; those with an `id` are to be acknowledged.',
  security: NEEDS_TOKEN,
  params: Type.Object({ userEndpointId: Type.String() }),
  headers: Type.Object({
    'last-event-id': Type.Optional(
      Type.String({
        description: 'The `id` of the last message that was had: it and those before it are not sent again.',
      }),
    ),
  }),
  response: {
    200: text('Events until one side ends it; a comment at least every 15 s.', STREAM_TYPE),
    ...refusals(400, 401, 429, 503),
  },
}

type Services = Pick<HttpServices, 'registrar' | 'auth' | 'clock'>

/** Its answers to HEAD would open streams: there are none. */
export function streamEventsRoute(app: App, services: Services, streams: EventStreams): void {
  const path = '/users/endpoints/:userEndpointId/events'
  app.get(path, { schema, validatorCompiler: unchecked, exposeHeadRoute: false }, async (request, reply) => {
    const { userEndpointId } = request.params
    const principal = callerOf(request)
    const user = ownUser(principal)
    streams.admit({ principal })
    const wanted = isId(userEndpointId) ? [{ ...user, userEndpointId }] : []
    const [found] = await services.registrar.look(wanted, { link: true })
    if (found === undefined) throw new RollcallError('endpoint_unknown')
    const token = bearerToken(request.raw.headers.authorization) ?? ''
    // Revoked while it was looked up: whoever ends streams did not see this one yet.
    if (!services.auth.isStillGood(token)) throw new RollcallError('unauthorized')
    if (reply.raw.destroyed) return reply.hijack()
    const reader = {
      principal,
      token,
      userAgent: userAgentOf(request),
      connectedAtWallMs: services.clock.wallMs(),
      hasUpTo: streams.ids.sequenceAfter(found.registration, lastEventIdOf(request)),
    }
    streams.open(reply.raw, found, reader, () => beginAnswer(reply))
    return reply
  })
}

/** Nobody on the way is to keep, change or hold back any of it: nginx asks for a header of its own. */
function beginAnswer(reply: FastifyReply): void {
  reply
    .header('content-type', STREAM_TYPE)
    .header('cache-control', 'no-store, no-transform')
    .header('x-accel-buffering', 'no')
    .hijack()
  const response = reply.raw
  for (const [name, value] of Object.entries(reply.getHeaders()))
    if (value !== undefined) response.setHeader(name, value)
  response.writeHead(200)
  response.flushHeaders()
}

function lastEventIdOf({ raw: { headers } }: FastifyRequest): string | undefined {
  const given = headers['last-event-id']
  return typeof given === 'string' ? given : undefined
}

/** For people to read: a copy that keeps nothing else of the header in memory, without control characters. */
function userAgentOf({ raw: { headers } }: FastifyRequest): string | undefined {
  const agent = headers['user-agent']
    ?.replace(/\p{Cc}/gu, '')
    .trim()
    .slice(0, AGENT_CHARACTERS_MAX)
  return agent ? Buffer.from(agent, 'latin1').toString('latin1') : undefined
}
