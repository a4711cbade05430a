import { ENTRY_KINDS, type EntryKind } from '../../../auth/auth.ts'
import type { App } from '../../app-type.ts'
import { ENTRIES_QUERY, ENTRY_NAMES, ENTRY_PATH, IF_MATCH } from '../../schemas/directory.ts'
import { NEEDS_TOKEN, noContent, refusals, unchecked } from '../../schemas/documentation.ts'
import { askerOf, atCostOf, type DirectoryServices, nameOf, seenIn } from './entry-request.ts'

function schemaOf(kind: EntryKind) {
  const { one, title } = ENTRY_NAMES[kind]
  const which =
    kind === 'organizations'
      ? 'One that has users, clients or webhooks is not removed (409). For role SERVICE.'
      : 'What was issued to it ends. For administrators of its organization, and role SERVICE.'
  return {
    operationId: `removeDirectory${title}`,
    tags: ['Directory'],
    summary: `Remove a ${one} from the directory`,
    description: which,
    security: NEEDS_TOKEN,
    params: ENTRY_PATH,
    querystring: ENTRIES_QUERY,
    headers: IF_MATCH,
    response: {
      204: noContent('It is gone, durably.'),
      ...refusals(400, 401, 403, 404, 409, 412, 428, 429, 503),
    },
  }
}

export function removeEntryRoutes(app: App, services: DirectoryServices): void {
  for (const kind of ENTRY_KINDS) removeRoute(app, services, kind)
}

function removeRoute(app: App, services: DirectoryServices, kind: EntryKind): void {
  const { directory } = services.auth
  const options = { schema: schemaOf(kind), validatorCompiler: unchecked }
  app.delete(`/directory/${kind}/:entryId`, options, async (request, reply) => {
    const asker = askerOf(request)
    const name = nameOf(kind, asker, request.params.entryId)
    const revision = seenIn(request, directory, asker, name)
    await atCostOf(services, asker, kind, () => directory.remove(asker.scope, name, revision))
    return reply.code(204).send()
  })
}
