import type { OrganizationInSight, OrganizationPage } from '@rollcall/protocol/command'
import { requireService } from '../../auth/auth.ts'
import { JSON_TYPE } from '../answers/error-body.ts'
import type { App } from '../app-type.ts'
import { decodeListCursor, encodeListCursor, parseListParameters } from '../bodies/list-parameters.ts'
import { dearly } from '../dear-work.ts'
import { callerOf } from '../plugins/authenticate.ts'
import { answerRef, json, NEEDS_TOKEN, refusals, unchecked } from '../schemas/documentation.ts'
import { LIST_ORGANIZATIONS_QUERY } from '../schemas/users.ts'
import type { HttpServices } from '../services.ts'

const schema = {
  operationId: 'listOrganizations',
  tags: ['Presence'],
  summary: 'The organizations',
  description:
    'By id: those of the directory, those that a foreign issuer may speak for by name, and those of which an endpoint is registered now. For role SERVICE.',
  security: NEEDS_TOKEN,
  querystring: LIST_ORGANIZATIONS_QUERY,
  response: {
    200: json('A page of them.', answerRef('OrganizationPage')),
    ...refusals(400, 401, 403, 429, 503),
  },
}

type Services = Pick<HttpServices, 'auth' | 'registrar' | 'delivery' | 'webhooks' | 'limits' | 'figures'>

/** An organization's part of the answer at the most: an id and a name, escaped, and some numbers; bytes. */
const ORGANIZATION_BYTES_MAX = 2_048
/** Processor time for a page, and for each organization on it, milliseconds. */
const PAGE_COST_MS = 1
const ORGANIZATION_COST_MS = 0.005

export function listOrganizationsRoute(app: App, services: Services): void {
  app.get('/organizations', { schema, validatorCompiler: unchecked }, async (request, reply) => {
    const caller = callerOf(request)
    requireService(caller)
    const { prefix, limit, cursor } = parseListParameters(request.query)
    const list = ['organizations', prefix]
    const after = decodeListCursor(cursor, list)
    const answerBytesMax = limit * ORGANIZATION_BYTES_MAX
    const dear = { what: 'presence', caller, response: reply.raw, answerBytesMax } as const
    const ids = await dearly(services.limits, dear, async () => {
      const page = await idsOf(services, { prefix, after, max: limit + 1 })
      return [page, PAGE_COST_MS + page.length * ORGANIZATION_COST_MS]
    })
    const shown = ids.slice(0, limit)
    const connected = await services.figures.connected(shown)
    const organizations = await Promise.all(shown.map((id, at) => inSight(services, id, connected[at] ?? 0)))
    const last = organizations.at(-1)
    const answer: OrganizationPage =
      ids.length > limit && last !== undefined
        ? { organizations, nextCursor: encodeListCursor(last.id, list) }
        : { organizations }
    reply.header('cache-control', 'no-store').header('content-type', JSON_TYPE)
    return reply.send(JSON.stringify(answer))
  })
}

type Range = Parameters<Services['registrar']['organizations']>[0]

async function idsOf({ auth, registrar }: Services, range: Range): Promise<readonly string[]> {
  const registered = await registrar.organizations(range)
  const configured = [...auth.organizations().keys(), ...auth.namedByIssuers()].filter(
    (id) => id.startsWith(range.prefix) && id > range.after,
  )
  return [...new Set([...registered.organizationIds, ...configured])].sort().slice(0, range.max)
}

async function inSight(
  { auth, registrar, delivery, webhooks }: Services,
  id: string,
  connected: number,
): Promise<OrganizationInSight> {
  const { mailboxEvents } = await delivery.census(id)
  return {
    id,
    name: auth.organizations().get(id)?.name ?? null,
    registrations: await registrar.count(id),
    connected,
    mailboxEvents,
    webhooks: webhooks.count(id),
  }
}
