import { ENTRY_KINDS, type EntryKind } from '../../../auth/auth.ts'
import type { App } from '../../app-type.ts'
import { ENTRIES_QUERY, ENTRY_NAMES, ENTRY_PATH, ETAG } from '../../schemas/directory.ts'
import { answerRef, json, NEEDS_TOKEN, refusals, unchecked } from '../../schemas/documentation.ts'
import { answerWritten, askerOf, type DirectoryServices, nameOf } from './entry-request.ts'

function schemaOf(kind: EntryKind) {
  const { one, title } = ENTRY_NAMES[kind]
  return {
    operationId: `findDirectory${title}`,
    tags: ['Directory'],
    summary: `One ${one} of the directory`,
    description: 'For administrators of its organization, and role SERVICE.',
    security: NEEDS_TOKEN,
    params: ENTRY_PATH,
    querystring: ENTRIES_QUERY,
    response: {
      200: json(
        'As it is now. Without `ETag` where the directory is a file.',
        answerRef(`Directory${title}`),
        ETAG,
      ),
      ...refusals(400, 401, 403, 404, 503),
    },
  }
}

export function findEntryRoutes(app: App, services: DirectoryServices): void {
  for (const kind of ENTRY_KINDS) findRoute(app, services, kind)
}

function findRoute(app: App, { auth }: DirectoryServices, kind: EntryKind): void {
  const options = { schema: schemaOf(kind), validatorCompiler: unchecked }
  app.get(`/directory/${kind}/:entryId`, options, async (request, reply) => {
    const asker = askerOf(request)
    const found = auth.directory.find(asker.scope, nameOf(kind, asker, request.params.entryId))
    return answerWritten(reply, 200, { ...found, secret: undefined })
  })
}
