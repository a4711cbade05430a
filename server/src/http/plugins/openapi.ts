import swagger from '@fastify/swagger'
import { productVersion } from '../../observe/observe.ts'
import type { App } from '../app-type.ts'
import { answerSchemas } from '../schemas/answers.ts'
import { auditSchemas } from '../schemas/audit.ts'
import { commandSchemas } from '../schemas/commands.ts'
import { dayStatisticsSchemas } from '../schemas/day-statistics.ts'
import { directorySchemas } from '../schemas/directory.ts'
import { historySchemas } from '../schemas/history.ts'
import { nodeSchemas } from '../schemas/nodes.ts'
import { noticeSchemas } from '../schemas/notices.ts'
import { statisticsSchemas } from '../schemas/statistics.ts'
import { userSchemas } from '../schemas/users.ts'
import { webhookSchemas } from '../schemas/webhooks.ts'

const DESCRIPTION = `Register the devices of your users, and send events to them wherever they are.

Devices receive their events over MQTT 3.1.1 or 5, on the WebSocket path \`/ws\` of this host: user name = the user id, password = the access token, topic \`users/endpoints/{userEndpointId}\`.`

const TAGS = [
  { name: 'Registrations', description: 'Registering endpoints and sending events to them.' },
  { name: 'History', description: 'What became of events.' },
  { name: 'Presence', description: 'Who is there, for backends.' },
  { name: 'Webhooks', description: 'Telling backends what happens to endpoints.' },
  {
    name: 'Directory',
    description: 'Who there is: organizations, users, clients and webhooks, for administrators.',
  },
  { name: 'Identity', description: 'Access tokens.' },
  { name: 'Media', description: 'What a WebRTC call needs besides.' },
  { name: 'Operations', description: 'For whoever runs the server.' },
]

const SECURITY_SCHEMES = {
  BearerToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'An access token in the `Authorization` header.',
  },
  OAuth2ClientCredentials: {
    type: 'oauth2',
    flows: { clientCredentials: { tokenUrl: '/security/oauth/token', scopes: {} } },
  },
} as const

/** Shares the contract's schemas and collects every route added later into the OpenAPI document. */
export async function documentRoutes(app: App, keepAliveSecondsMax: number): Promise<void> {
  const commands = commandSchemas(keepAliveSecondsMax)
  for (const schema of [
    ...commands,
    ...answerSchemas(),
    ...historySchemas(),
    ...userSchemas(),
    ...directorySchemas(),
    ...auditSchemas(),
    ...webhookSchemas(),
    ...statisticsSchemas(),
    ...dayStatisticsSchemas(),
    ...noticeSchemas(),
    ...nodeSchemas(),
  ])
    app.addSchema(schema)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Rollcall API',
        version: productVersion(),
        description: DESCRIPTION,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      // Relative, so that the document says the same wherever it is served from.
      servers: [{ url: '/' }],
      tags: TAGS,
      components: { securitySchemes: SECURITY_SCHEMES },
    },
    refResolver: { buildLocalReference: (json, _baseUri, _fragment, index) => schemaName(json, index) },
  })
}

/** Schemas go by their own names. */
function schemaName({ $id }: { readonly $id?: unknown }, index: number): string {
  return typeof $id === 'string' ? $id : `schema-${index}`
}
