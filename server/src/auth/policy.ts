import { RollcallError } from '@rollcall/protocol/error-code'
import { ID_RULE, isId } from '@rollcall/protocol/id'
import type { UserKey } from '../store/store.ts'
import type { Principal } from './principal.ts'

/**
 * The organization into which a caller sends: its own, whatever the body says; for role SERVICE the one that
 * the body names. [spec: "sendEvent"] Pure.
 *
 * @param bodyOrganizationId the body's `organizationId`; empty and `null` count as absent
 * @throws RollcallError `organization_required`; `invalid_request` for an id that breaks the rules
 */
export function organizationForSending(principal: Principal, bodyOrganizationId: unknown): string {
  if (principal.organizationId !== null) return principal.organizationId
  if (bodyOrganizationId === undefined || bodyOrganizationId === null || bodyOrganizationId === '')
    throw new RollcallError('organization_required', undefined, { fields: [['organizationId', ID_RULE]] })
  if (!isId(bodyOrganizationId))
    throw new RollcallError('invalid_request', undefined, { fields: [['organizationId', ID_RULE]] })
  return bodyOrganizationId
}

/**
 * The user whose endpoints a caller registers, keeps alive and lists: itself. Pure.
 *
 * @throws RollcallError `no_organization` for role SERVICE
 */
export function ownUser({ organizationId, userId }: Principal): UserKey {
  if (organizationId === null) throw new RollcallError('no_organization')
  return { organizationId, userId }
}

/**
 * Whether a caller is a backend: a client that speaks for itself (client credentials) inside one
 * organization, all of whose history it may read. Pure. Never true for a token of a foreign issuer.
 */
export function isBackend({ organizationId, userId, clientId }: Principal): boolean {
  return organizationId !== null && userId === clientId
}

/** Whether a caller may publish events over MQTT, as backends do: any backend, and role SERVICE. Pure. */
export function mayPublishEvents(principal: Principal): boolean {
  return principal.isService || isBackend(principal)
}
