import { isId } from '@rollcall/protocol/id'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AuditAction, AuditRecord } from '../../audit/audit.ts'
import { callerAsSender, isPrivileged, type Principal } from '../../auth/auth.ts'
import type { App } from '../app-type.ts'
import { clientAddress } from '../connections/client-address.ts'
import type { HttpServices } from '../services.ts'

/** What is written down, by the operation's id. */
export const AUDITED: ReadonlyMap<string, AuditAction> = new Map([
  ['revokeUser', 'revoke_user'],
  ['eraseUser', 'erase_user'],
  ['exportUser', 'export_user'],
  ['kickUserEndpoint', 'kick_endpoint'],
  ['listEvents', 'read_history'],
  ['findEvent', 'read_history'],
  ['findPresence', 'read_presence'],
  ['listEndpointsOfUser', 'read_presence'],
  ['listUsers', 'read_presence'],
  ['listAudit', 'read_audit'],
  ['listDeadLetters', 'read_dead_letters'],
  ['replayDeadLetters', 'replay_dead_letters'],
  ['removeDeadLetters', 'clear_dead_letters'],
  ['testWebhook', 'test_webhook'],
  ...['Organization', 'User', 'Client', 'Webhook'].flatMap((title): [string, AuditAction][] => [
    [`addDirectory${title}`, 'add_entry'],
    [`changeDirectory${title}`, 'change_entry'],
    [`removeDirectory${title}`, 'remove_entry'],
  ]),
  ...['User', 'Client', 'Webhook'].map((title): [string, AuditAction] => [
    `rotate${title}Secret`,
    'rotate_secret',
  ]),
  ...['Client', 'Webhook'].map((title): [string, AuditAction] => [
    `removeFormer${title}Secret`,
    'remove_former_secret',
  ]),
])

declare module 'fastify' {
  interface FastifyRequest {
    /** Whom it was about, where the request itself does not say so. */
    about?: Pick<AuditRecord, 'organizationId' | 'entryKind' | 'entryId'>
  }
}

/** Users of a request that are named. */
const NAMED_MAX = 20

/**
 * Has the routes of this scope that are `AUDITED` write down who asked what of whom, and what came of it; others cost
 * nothing. What users read of themselves is not written. To be called before the routes are added.
 */
export function auditRoutes(app: App, { audit }: Pick<HttpServices, 'audit'>): void {
  app.addHook('onRoute', (route) => {
    const action = AUDITED.get(route.schema?.operationId ?? '')
    if (action === undefined) return
    route.onResponse = (request, reply, done) => {
      if (!isOwnReading(action, request, reply)) audit.record(recordOf(action, request, reply))
      done()
    }
  })
}

function isOwnReading(action: AuditAction, { principal }: FastifyRequest, reply: FastifyReply): boolean {
  const isDone = reply.statusCode < 400
  return isDone && action.startsWith('read_') && principal !== undefined && !isPrivileged(principal)
}

function recordOf(action: AuditAction, request: FastifyRequest, { statusCode }: FastifyReply): AuditRecord {
  return {
    action,
    outcome: outcomeOf(statusCode),
    status: statusCode,
    ...callerOf(request.principal),
    address: clientAddress(request.ips ?? [request.ip]),
    ...targetOf(request),
  }
}

function outcomeOf(status: number): string {
  if (status < 400) return 'done'
  return status === 401 || status === 403 ? 'refused' : 'failed'
}

function callerOf(principal: Principal | undefined): Partial<AuditRecord> {
  if (principal === undefined) return {}
  const { kind, id } = callerAsSender(principal)
  const { clientId, organizationId } = principal
  return { callerKind: kind, callerId: id, callerOrganizationId: organizationId, clientId }
}

/** Only ids: whatever else was given there stays out. */
function targetOf({ params, query, body, principal, about }: FastifyRequest): Partial<AuditRecord> {
  const named = principal?.organizationId ?? idIn(query, 'organizationId') ?? idIn(body, 'organizationId')
  return {
    ...(named === undefined ? {} : { organizationId: named }),
    ...given('userId', idIn(params, 'userId') ?? idIn(query, 'userId')),
    ...given('userEndpointId', idIn(params, 'userEndpointId')),
    ...given('webhookId', idIn(params, 'webhookId')),
    ...usersIn(body),
    ...about,
  }
}

function given(name: string, id: string | undefined): Partial<AuditRecord> {
  return id === undefined ? {} : { [name]: id }
}

function usersIn(body: unknown): Partial<AuditRecord> {
  const users = memberOf(body, 'userIds')
  if (!Array.isArray(users)) return {}
  return { users: users.length, userIds: users.slice(0, NAMED_MAX).filter(isId).join('/') }
}

function idIn(value: unknown, name: string): string | undefined {
  const member = memberOf(value, name)
  return isId(member) ? member : undefined
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
