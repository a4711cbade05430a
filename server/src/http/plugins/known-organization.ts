import { RollcallError } from '@rollcall/protocol/error-code'
import { isId } from '@rollcall/protocol/id'
import type { FastifySchema } from 'fastify'
import type { App } from '../app-type.ts'
import type { HttpServices } from '../services.ts'

/** Operations that name the organization in their body. */
const NAMED_IN_BODY: ReadonlySet<unknown> = new Set(['findPresence', 'revokeUser'])

/** A user's data is given and removed, and what was done is told, also where its organization has left the directory. */
const OF_FORMER_ONES: ReadonlySet<unknown> = new Set(['eraseUser', 'exportUser', 'listAudit'])

/**
 * Answers 404 where role SERVICE names an organization that there is not: it would look like one where nobody is. For the
 * routes of this scope that are told of an organization in their query, or as above. Whoever sends to one is answered by
 * delivery. To be called before the routes are added, after `requireToken`.
 */
export function refuseUnknownOrganizations(app: App, { auth }: Pick<HttpServices, 'auth'>): void {
  app.addHook('onRoute', (route) => {
    if (OF_FORMER_ONES.has(route.schema?.operationId)) return
    const isNamedInBody = NAMED_IN_BODY.has(route.schema?.operationId)
    if (!isNamedInBody && !isNamedInQuery(route.schema)) return
    route.preHandler = (request, _reply, done) => {
      const isService = request.principal?.isService === true
      const named = memberOf(request.query) ?? (isNamedInBody ? memberOf(request.body) : undefined)
      done(isService && isId(named) && !auth.mayBeOrganization(named) ? unknown() : undefined)
    }
  })
}

function unknown(): RollcallError {
  return new RollcallError('not_found', 'There is no such organization.', {
    fields: [['organizationId', 'must be the id of an organization that there is']],
  })
}

function isNamedInQuery(schema: FastifySchema | undefined): boolean {
  const query: unknown = schema?.querystring
  const properties: unknown = isObject(query) ? Reflect.get(query, 'properties') : undefined
  return isObject(properties) && Object.hasOwn(properties, 'organizationId')
}

function memberOf(value: unknown): unknown {
  return isObject(value) ? Reflect.get(value, 'organizationId') : undefined
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
