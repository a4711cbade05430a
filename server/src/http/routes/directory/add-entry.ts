import { ENTRY_KINDS, type EntryKind } from '../../../auth/auth.ts'
import { objectIn } from '../../../parse/parse.ts'
import type { App } from '../../app-type.ts'
import { ENTRIES_QUERY, ENTRY_NAMES, ETAG } from '../../schemas/directory.ts'
import { answerRef, bodyRef, json, NEEDS_TOKEN, refusals, unchecked } from '../../schemas/documentation.ts'
import { answerWritten, askerOf, atCostOf, type DirectoryServices, tellAudit } from './entry-request.ts'

function schemaOf(kind: EntryKind) {
  const { one, title } = ENTRY_NAMES[kind]
  const who =
    kind === 'organizations'
      ? 'For role SERVICE.'
      : 'For administrators of its organization, and role SERVICE.'
  return {
    operationId: `addDirectory${title}`,
    tags: ['Directory'],
    summary: `Add a ${one} to the directory`,
    description: `Where the directory is kept in the store (\`DIRECTORY=store\`). The answer comes once it is durable, and in force. ${who}`,
    security: NEEDS_TOKEN,
    querystring: ENTRIES_QUERY,
    body: bodyRef<unknown>(`Directory${title}Members`),
    response: {
      201: json(
        'As it was written, with the secret that was made for it.',
        answerRef(`Directory${title}`),
        ETAG,
      ),
      ...refusals(400, 401, 403, 404, 409, 413, 415, 429, 503),
    },
  }
}

export function addEntryRoutes(app: App, services: DirectoryServices): void {
  for (const kind of ENTRY_KINDS) addRoute(app, services, kind)
}

function addRoute(app: App, services: DirectoryServices, kind: EntryKind): void {
  const options = { schema: schemaOf(kind), validatorCompiler: unchecked }
  app.post(`/directory/${kind}`, options, async (request, reply) => {
    const asker = askerOf(request)
    const members = objectIn(request.body)
    const added = await atCostOf(services, asker, kind, () =>
      services.auth.directory.add(asker.scope, kind, members),
    )
    tellAudit(request, kind, added.entry)
    reply.header('location', `/rtc-api/directory/${kind}/${encodeURIComponent(added.entry.id)}`)
    return answerWritten(reply, 201, added)
  })
}
