import { Type } from 'typebox'
import { productVersion } from '../../observe/observe.ts'
import { JSON_TYPE } from '../answers/error-body.ts'
import type { App } from '../app-type.ts'
import { json } from '../schemas/documentation.ts'
import type { Readiness } from '../services.ts'

const LIVE_STATUS = Type.Object({
  status: Type.String({ examples: ['live'] }),
  version: Type.String({ description: 'Of the server.', examples: ['1.0.0'] }),
})
const READY_STATUS = Type.Object({
  status: Type.String({ examples: ['ready'] }),
  warnings: Type.Optional(
    Type.Array(Type.String({ examples: ['disk_low'] }), {
      description: 'What whoever runs the server should look at soon. Absent: nothing.',
    }),
  ),
})
const UNREADY_STATUS = Type.Object({
  status: Type.String({ examples: ['unavailable'] }),
  reason: Type.String({ examples: ['draining'] }),
})

const liveSchema = {
  operationId: 'getLiveness',
  tags: ['Operations'],
  summary: 'Whether the process runs',
  security: [],
  response: { 200: json('It does.', LIVE_STATUS) },
}

const readySchema = {
  operationId: 'getReadiness',
  tags: ['Operations'],
  summary: 'Whether requests should come here',
  security: [],
  response: {
    200: json('They should.', READY_STATUS),
    503: json(
      'Not now: it is starting, draining, the store cannot write or is damaged, or its disk is full.',
      UNREADY_STATUS,
    ),
  },
}

const READY = JSON.stringify({ status: 'ready' })

function readyText(warnings: readonly string[]): string {
  return warnings.length === 0 ? READY : JSON.stringify({ status: 'ready', warnings })
}

export function healthRoutes(app: App, readiness: Readiness): void {
  const live = JSON.stringify({ status: 'live', version: productVersion() })
  app.get('/health/live', { schema: liveSchema }, (_request, reply) => {
    reply.header('cache-control', 'no-store').header('content-type', JSON_TYPE).send(live)
  })
  app.get('/health/ready', { schema: readySchema }, (_request, reply) => {
    const reason = readiness.notReadyBecause()
    reply.header('cache-control', 'no-store').header('content-type', JSON_TYPE)
    if (reason === undefined) reply.send(readyText(readiness.warnings?.() ?? []))
    else reply.code(503).send(JSON.stringify({ status: 'unavailable', reason }))
  })
}
