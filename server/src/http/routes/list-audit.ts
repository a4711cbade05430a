import { directoryInSight, type Principal, type Scope } from '../../auth/auth.ts'
import { turnOf } from '../../limits/limits.ts'
import { JSON_TYPE } from '../answers/error-body.ts'
import type { App } from '../app-type.ts'
import { type AuditParameters, parseAuditParameters } from '../bodies/audit-parameters.ts'
import { decodeListCursor, encodeListCursor } from '../bodies/list-parameters.ts'
import { dearly } from '../dear-work.ts'
import { callerOf } from '../plugins/authenticate.ts'
import { LIST_AUDIT_QUERY } from '../schemas/audit.ts'
import { answerRef, json, NEEDS_TOKEN, refusals, unchecked } from '../schemas/documentation.ts'
import type { HttpServices } from '../services.ts'

const schema = {
  operationId: 'listAudit',
  tags: ['Operations'],
  summary: 'Who did what to whom',
  description:
    'Lines of the audit log (docs/audit.md), newest first: for administrators those that concern their organization, or that its members wrote; for role SERVICE all, or those of one organization. A page may have fewer lines than asked for, or none, although more follow: as long as there is a `nextCursor`, there may be more.',
  security: NEEDS_TOKEN,
  querystring: LIST_AUDIT_QUERY,
  response: {
    200: json('A page of them.', answerRef('AuditPage')),
    ...refusals(400, 401, 403, 429, 503),
  },
}

type Services = Pick<HttpServices, 'auditLines' | 'limits'>

/** A line at the most: some ids, escaped; bytes. */
const LINE_BYTES_MAX = 8_192
/** Processor time for each line that is looked at, milliseconds. */
const LINE_COST_MS = 0.02
/** Lines that are looked at before others have their turn, and for one page. */
const LINES_AT_ONCE = 200
const LOOKED_AT_MAX = 4_000

export function listAuditRoute(app: App, services: Services): void {
  app.get('/audit', { schema, validatorCompiler: unchecked }, async (request, reply) => {
    const caller = callerOf(request)
    const wanted = parseAuditParameters(request.query)
    const scope = directoryInSight(caller, wanted.organizationId)
    const { action, callerId, entryKind, entryId } = wanted
    const list = ['audit', scope ?? undefined, action, callerId, entryKind, entryId]
    const after = decodeListCursor(wanted.cursor, list)
    const answerBytesMax = wanted.limit * LINE_BYTES_MAX
    const dear = { what: 'history', caller, response: reply.raw, answerBytesMax } as const
    const { lines, next } = await dearly(services.limits, dear, async () => {
      const page = await pageOf(services, { ...wanted, caller, scope, after })
      return [page, page.looked * LINE_COST_MS]
    })
    const more = next === undefined ? {} : { nextCursor: encodeListCursor(String(next), list) }
    reply.header('cache-control', 'no-store').header('content-type', JSON_TYPE)
    return reply.send(JSON.stringify({ lines, ...more }))
  })
}

type Wanted = AuditParameters & { readonly caller: Principal; readonly scope: Scope; readonly after: string }
type Line = { readonly [member: string]: unknown }

/** Looks at so many lines and no more: where few match, the page is short and says where to go on. */
async function pageOf({ auditLines, limits }: Services, wanted: Wanted) {
  const lines: Line[] = []
  let before = wanted.after === '' ? undefined : Number(wanted.after)
  let looked = 0
  while (looked < LOOKED_AT_MAX) {
    if (looked > 0) await limits.turns.next(turnOf(wanted.caller))
    const found = await auditLines.read(wanted.scope ?? undefined, before, LINES_AT_ONCE)
    for (const { sequence, text } of found) {
      before = sequence
      looked++
      const line: Line = JSON.parse(text)
      if (isWanted(line, wanted)) lines.push(line)
      if (lines.length === wanted.limit) return { lines, next: sequence, looked }
    }
    if (found.length < LINES_AT_ONCE) return { lines, next: undefined, looked }
  }
  return { lines, next: before, looked }
}

const FILTERS = ['action', 'callerId', 'entryKind', 'entryId'] as const

function isWanted(line: Line, wanted: Wanted): boolean {
  return FILTERS.every((name) => wanted[name] === undefined || line[name] === wanted[name])
}
