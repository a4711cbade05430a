import { JSON_TYPE } from '../../answers/error-body.ts'
import type { App } from '../../app-type.ts'
import { dearly } from '../../dear-work.ts'
import { ENTRIES_QUERY } from '../../schemas/directory.ts'
import { answerRef, json, NEEDS_TOKEN, refusals, unchecked } from '../../schemas/documentation.ts'
import { askerOf, type DirectoryServices } from './entry-request.ts'

const schema = {
  operationId: 'listDirectoryAuthorities',
  tags: ['Directory'],
  summary: 'The authorities that users and clients hold',
  description:
    'An authority is a word that users and clients have; it is there as long as somebody holds it. For administrators of an organization, and role SERVICE.',
  security: NEEDS_TOKEN,
  querystring: ENTRIES_QUERY,
  response: {
    200: json('By name.', answerRef('DirectoryAuthorities')),
    ...refusals(400, 401, 403, 404, 429, 503),
  },
}

/** Some thousands of words, each with two numbers; bytes. */
const ANSWER_BYTES_MAX = 1_048_576
const LISTED_MAX = 5_000
const COST_MS = 5

export function listAuthoritiesRoute(app: App, { auth, limits }: DirectoryServices): void {
  app.get('/directory/authorities', { schema, validatorCompiler: unchecked }, async (request, reply) => {
    const { caller, scope } = askerOf(request)
    const dear = { what: 'presence', caller, response: reply.raw, answerBytesMax: ANSWER_BYTES_MAX } as const
    const authorities = await dearly(limits, dear, async () => [auth.directory.authorities(scope), COST_MS])
    reply.header('cache-control', 'no-store').header('content-type', JSON_TYPE)
    return reply.send(JSON.stringify({ authorities: authorities.slice(0, LISTED_MAX) }))
  })
}
