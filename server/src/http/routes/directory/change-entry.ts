import { ENTRY_KINDS, type EntryKind } from '../../../auth/auth.ts'
import { objectIn } from '../../../parse/parse.ts'
import type { App } from '../../app-type.ts'
import { ENTRIES_QUERY, ENTRY_NAMES, ENTRY_PATH, ETAG, IF_MATCH } from '../../schemas/directory.ts'
import { answerRef, bodyRef, json, NEEDS_TOKEN, refusals, unchecked } from '../../schemas/documentation.ts'
import { answerWritten, askerOf, atCostOf, type DirectoryServices, nameOf, seenIn } from './entry-request.ts'

function schemaOf(kind: EntryKind) {
  const { one, title } = ENTRY_NAMES[kind]
  return {
    operationId: `changeDirectory${title}`,
    tags: ['Directory'],
    summary: `Change a ${one} of the directory`,
    description:
      'What is given replaces what was, `null` takes it away (RFC 7396, of one level); what is not named stays. What was issued to whoever loses by it ends, as after a change of the file. For administrators of its organization, and role SERVICE.',
    security: NEEDS_TOKEN,
    params: ENTRY_PATH,
    querystring: ENTRIES_QUERY,
    headers: IF_MATCH,
    body: bodyRef<unknown>(`Directory${title}Members`),
    response: {
      200: json('As it was written.', answerRef(`Directory${title}`), ETAG),
      ...refusals(400, 401, 403, 404, 409, 412, 413, 415, 428, 429, 503),
    },
  }
}

export function changeEntryRoutes(app: App, services: DirectoryServices): void {
  for (const kind of ENTRY_KINDS) changeRoute(app, services, kind)
}

function changeRoute(app: App, services: DirectoryServices, kind: EntryKind): void {
  const { directory } = services.auth
  const options = { schema: schemaOf(kind), validatorCompiler: unchecked }
  app.patch(`/directory/${kind}/:entryId`, options, async (request, reply) => {
    const asker = askerOf(request)
    const name = nameOf(kind, asker, request.params.entryId)
    const members = objectIn(request.body)
    const revision = seenIn(request, directory, asker, name)
    const changed = await atCostOf(services, asker, kind, () =>
      directory.change(asker.scope, name, members, revision),
    )
    return answerWritten(reply, 200, changed)
  })
}
