import { RollcallError } from '@rollcall/protocol/error-code'
import { ENTRY_KINDS, type EntryKind } from '../../../auth/auth.ts'
import { JSON_TYPE } from '../../answers/error-body.ts'
import type { App } from '../../app-type.ts'
import { parseAuthority } from '../../bodies/directory-parameters.ts'
import { decodeListCursor, encodeListCursor, parseListParameters } from '../../bodies/list-parameters.ts'
import { dearly } from '../../dear-work.ts'
import { ENTRY_NAMES, LIST_ENTRIES_QUERY } from '../../schemas/directory.ts'
import { answerRef, json, NEEDS_TOKEN, refusals, unchecked } from '../../schemas/documentation.ts'
import { askerOf, type DirectoryServices } from './entry-request.ts'

/** An entry's part of the answer at the most, about: a rule set or a list of authorities; bytes. */
const ENTRY_BYTES_MAX = 8_192
/** Processor time for a page: every entry of the kind is looked at; milliseconds. */
const PAGE_COST_MS = 2

function schemaOf(kind: EntryKind) {
  const { title } = ENTRY_NAMES[kind]
  return {
    operationId: `listDirectory${title}s`,
    tags: ['Directory'],
    summary: `The ${kind} of the directory`,
    description:
      'By id. For administrators of an organization, who see what is theirs, and role SERVICE. Never with a secret or a hash.',
    security: NEEDS_TOKEN,
    querystring: LIST_ENTRIES_QUERY,
    response: {
      200: json('A page of them.', answerRef(`Directory${title}Page`)),
      ...refusals(400, 401, 403, 404, 429, 503),
    },
  }
}

export function listEntriesRoutes(app: App, services: DirectoryServices): void {
  for (const kind of ENTRY_KINDS) listRoute(app, services, kind)
}

function listRoute(app: App, { auth, limits }: DirectoryServices, kind: EntryKind): void {
  const options = { schema: schemaOf(kind), validatorCompiler: unchecked }
  app.get(`/directory/${kind}`, options, async (request, reply) => {
    const { caller, scope } = askerOf(request)
    // Ids of webhooks are their organization's own.
    if (kind === 'webhooks' && scope === null) throw new RollcallError('organization_required')
    const { prefix, limit, cursor } = parseListParameters(request.query)
    const authority = parseAuthority(request.query)
    const list = [kind, scope ?? undefined, prefix, authority]
    const after = decodeListCursor(cursor, list)
    const answerBytesMax = limit * ENTRY_BYTES_MAX
    const dear = { what: 'presence', caller, response: reply.raw, answerBytesMax } as const
    const found = await dearly(limits, dear, async () => {
      const page = auth.directory.list(kind, scope, { prefix, after, max: limit + 1, authority })
      return [page, PAGE_COST_MS]
    })
    const entries = found.slice(0, limit)
    const last = entries.at(-1)
    const more =
      found.length > limit && last !== undefined ? { nextCursor: encodeListCursor(last.id, list) } : {}
    reply.header('cache-control', 'no-store').header('content-type', JSON_TYPE)
    return reply.send(JSON.stringify({ entries, ...more, isWritable: auth.directory.isWritable }))
  })
}
