import type { EntryKind } from '../../../auth/auth.ts'
import type { App } from '../../app-type.ts'
import { BODY_OPTIONAL } from '../../plugins/json-body.ts'
import { ENTRIES_QUERY, ENTRY_NAMES, ENTRY_PATH, ETAG, IF_MATCH } from '../../schemas/directory.ts'
import { answerRef, json, NEEDS_TOKEN, refusals, unchecked } from '../../schemas/documentation.ts'
import { answerWritten, askerOf, atCostOf, type DirectoryServices, nameOf, seenIn } from './entry-request.ts'

const SHARED = {
  tags: ['Directory'],
  security: NEEDS_TOKEN,
  params: ENTRY_PATH,
  querystring: ENTRIES_QUERY,
  headers: IF_MATCH,
} as const

function answersOf(kind: EntryKind, description: string) {
  const answer = json(description, answerRef(`Directory${ENTRY_NAMES[kind].title}`), ETAG)
  return { 200: answer, ...refusals(400, 401, 403, 404, 409, 412, 428, 429, 503) }
}

function rotateSchema(kind: EntryKind) {
  const { one, title } = ENTRY_NAMES[kind]
  const what =
    kind === 'users'
      ? 'Makes a password, which is shown once. The one from before ends at once, with what was issued by it.'
      : 'Makes a secret, which is shown once. The newest from before stays good beside it until it is removed; an older one ends.'
  return {
    operationId: `rotate${title}Secret`,
    ...SHARED,
    summary: `Give a ${one} a new ${kind === 'users' ? 'password' : 'secret'}`,
    description: `${what} For administrators of its organization, and role SERVICE.`,
    response: answersOf(kind, 'As it was written, with `newSecret`.'),
  }
}

function removeSchema(kind: EntryKind) {
  const { one, title } = ENTRY_NAMES[kind]
  return {
    operationId: `removeFormer${title}Secret`,
    ...SHARED,
    summary: `Let only the newest secret of a ${one} be good`,
    description: 'What was got by the other ends. For administrators of its organization, and role SERVICE.',
    response: answersOf(kind, 'As it was written.'),
  }
}

export function entrySecretRoutes(app: App, services: DirectoryServices): void {
  const { directory } = services.auth
  const rotate = directory.rotateSecret.bind(directory)
  const removeFormer = directory.removeFormerSecret.bind(directory)
  for (const kind of ['users', 'clients', 'webhooks'] as const)
    secretRoute(app, services, kind, { path: 'rotate-secret', schema: rotateSchema(kind), change: rotate })
  for (const kind of ['clients', 'webhooks'] as const)
    secretRoute(app, services, kind, {
      path: 'remove-former-secret',
      schema: removeSchema(kind),
      change: removeFormer,
    })
}

type SecretStep = {
  readonly path: string
  readonly schema: ReturnType<typeof rotateSchema>
  readonly change: DirectoryServices['auth']['directory']['rotateSecret']
}

function secretRoute(
  app: App,
  services: DirectoryServices,
  kind: EntryKind,
  { path, schema, change }: SecretStep,
): void {
  const options = { schema, validatorCompiler: unchecked, config: BODY_OPTIONAL }
  app.post(`/directory/${kind}/:entryId/${path}`, options, async (request, reply) => {
    const asker = askerOf(request)
    const name = nameOf(kind, asker, request.params.entryId)
    const revision = seenIn(request, services.auth.directory, asker, name)
    const changed = await atCostOf(services, asker, kind, () => change(asker.scope, name, revision))
    return answerWritten(reply, 200, changed)
  })
}
