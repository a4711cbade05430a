import type { FastifyReply, FastifyRequest } from 'fastify'
import {
  type DirectoryAdmin,
  directoryInSight,
  type EntryKind,
  type EntryName,
  type EntryView,
  type Principal,
  type Scope,
  type WrittenEntry,
} from '../../../auth/auth.ts'
import { JSON_TYPE } from '../../answers/error-body.ts'
import { parseOrganization } from '../../bodies/history-parameters.ts'
import { entityTag, seenRevision } from '../../bodies/if-match.ts'
import { callerOf } from '../../plugins/authenticate.ts'
import type { HttpServices } from '../../services.ts'

export type DirectoryServices = Pick<HttpServices, 'auth' | 'limits'>

/** Processor time of a change: the directory is made anew, and sessions are looked at; milliseconds. */
const CHANGE_COST_MS = 5
/** What a password costs on top of it. */
const PASSWORD_COST_MS = 40

/** Somebody who administers, and what. */
export type Asker = { readonly caller: Principal; readonly scope: Scope }

/** @throws RollcallError `forbidden`, `invalid_request`, `organization_required` */
export function askerOf(request: FastifyRequest): Asker {
  const caller = callerOf(request)
  return { caller, scope: directoryInSight(caller, parseOrganization(request.query)) }
}

/** The entry that a path names. A webhook is looked for in the organization that is asked about. */
export function nameOf(kind: EntryKind, { scope }: Asker, entryId: string): EntryName {
  return kind === 'webhooks' ? { kind, id: entryId, organizationId: scope ?? '' } : { kind, id: entryId }
}

/** The entry's revision, where it is the one that the request has seen. */
export function seenIn(
  request: FastifyRequest,
  directory: DirectoryAdmin,
  { scope }: Asker,
  name: EntryName,
): number {
  const { entry, revision } = directory.find(scope, name)
  tellAudit(request, name.kind, entry)
  directory.requireWritable()
  return seenRevision(request.headers['if-match'], revision ?? 0)
}

/** Does what changes the directory, at the expense of whoever asks. @throws RateLimited */
export async function atCostOf<T>(
  { limits }: DirectoryServices,
  { caller }: Asker,
  kind: EntryKind,
  change: () => Promise<T>,
): Promise<T> {
  limits.work.admit(caller)
  try {
    return await change()
  } finally {
    limits.work.spend(caller, CHANGE_COST_MS + (kind === 'users' ? PASSWORD_COST_MS : 0))
  }
}

/** Whom the audit log says it was about. */
export function tellAudit(request: FastifyRequest, kind: EntryKind, entry: EntryView): void {
  const { id, organizationId } = entry
  const whose = kind === 'organizations' ? id : organizationId
  request.about = {
    entryKind: kind,
    entryId: id,
    ...(typeof whose === 'string' ? { organizationId: whose } : {}),
  }
}

export function answerWritten(
  reply: FastifyReply,
  status: 200 | 201,
  { entry, revision, secret }: WrittenEntry,
): FastifyReply {
  if (revision !== undefined) reply.header('etag', entityTag(revision))
  // In the body, too: not every client lets those who use it see headers.
  const answer = { ...entry, revision, newSecret: secret }
  reply.code(status).header('cache-control', 'no-store').header('content-type', JSON_TYPE)
  return reply.send(JSON.stringify(answer))
}
