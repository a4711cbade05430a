import { fastify } from 'fastify'
import { ReferenceLinks } from './links.ts'
import { TokenCache } from './token-cache.ts'

// What Fastify and `ws` can do at best: the same requests and links without a store, without anything
// durable, and without authentication but for keepalives. Ratios to it can be compared between machines.

const schemas = {
  sendEvent: {
    body: {
      type: 'object',
      required: ['userId', 'event'],
      properties: { userId: { type: 'string' }, qos: { type: 'integer' }, event: { type: 'object' } },
    },
  },
  endpoint: {
    body: {
      type: 'object',
      required: ['userEndpointId'],
      properties: { userEndpointId: { type: 'string' }, keepAliveSeconds: { type: 'integer' } },
    },
  },
} as const

type SendEvent = { Body: { userId: string; qos?: number; event: object } }
type Endpoint = { Body: { userEndpointId: string } }

export function createReferenceServer(jwksFile: string) {
  const app = fastify({ logger: false })
  const links = new ReferenceLinks()
  const tokens = new TokenCache(jwksFile)
  const keptAliveAtMs = new Map<string, number>()

  app.post<SendEvent>(
    '/rtc-api/users/endpoints/sendEvent',
    { schema: schemas.sendEvent },
    async (request, reply) => {
      const { userId, qos = 0, event } = request.body
      const isSent = links.send(userId, Buffer.from(JSON.stringify(event)), qos)
      return reply.type('application/json').send(isSent ? '1' : '0')
    },
  )
  app.post<Endpoint>(
    '/rtc-api/users/endpoints/keepalive',
    { schema: schemas.endpoint },
    async (request, reply) => {
      const user = tokens.userOf(request.headers.authorization)
      const { userEndpointId } = request.body
      if (user === undefined || !keptAliveAtMs.has(userEndpointId)) return reply.code(400).send({})
      keptAliveAtMs.set(userEndpointId, Date.now())
      return reply.code(204).send()
    },
  )
  app.post<Endpoint>('/rtc-api/users/endpoints/register', { schema: schemas.endpoint }, async (request) => {
    keptAliveAtMs.set(request.body.userEndpointId, Date.now())
    return { id: request.body.userEndpointId }
  })
  app.get('/health/ready', async () => ({}))
  app.server.on('upgrade', (request, socket, head) => links.upgrade(request, socket, head))
  return app
}
