import { JSON_TYPE } from '../answers/error-body.ts'
import type { App } from '../app-type.ts'
import { json } from '../schemas/documentation.ts'

const schema = {
  operationId: 'getOpenApi',
  tags: ['Operations'],
  summary: 'This document',
  security: [],
  response: { 200: json('OpenAPI 3.1.', { type: 'object', additionalProperties: true }) },
}

export function openApiDocumentRoute(app: App): void {
  // One for all: what a slow reader waits for is not made for it.
  let document: Buffer | undefined
  app.get('/rtc-api/openapi.json', { schema }, (_request, reply) => {
    document ??= Buffer.from(JSON.stringify(app.swagger()))
    reply.header('content-type', JSON_TYPE).send(document)
  })
}
