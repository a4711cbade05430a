import { RollcallError } from '@rollcall/protocol/error-code'
import { ID_RULE, isId } from '@rollcall/protocol/id'
import type { UserKey } from '../store/store.ts'
import { isAdministratorAuthority } from './directory/directory.ts'
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
 * organization, all of whose history it may read. Pure. It goes by where the token comes from, never by names: what a
 * user or an issuer is called, others may choose.
 */
export function isBackend({ organizationId, isClient }: Principal): boolean {
  return organizationId !== null && isClient
}

/** How the history names a caller as the sender of an event. Pure. */
export function callerAsSender({ organizationId, userId, isClient }: Principal): {
  readonly kind: 'user' | 'client' | 'service'
  readonly id: string
} {
  if (organizationId === null) return { kind: 'service', id: userId }
  return { kind: isClient ? 'client' : 'user', id: userId }
}

/**
 * Whose history a caller may read: a backend or an administrator its organization's, role SERVICE any
 * organization's or that of the one it names, everybody else what it sent or was sent.
 * [spec: "History"; administrators: docs/adr/0007] Pure.
 *
 * @param wantedOrganizationId read from role SERVICE only
 */
export function readableHistory(
  principal: Principal,
  wantedOrganizationId: string | undefined,
): { readonly organizationId?: string; readonly involvedUserId?: string } {
  const { organizationId, userId } = principal
  if (organizationId === null)
    return wantedOrganizationId === undefined ? {} : { organizationId: wantedOrganizationId }
  const readsAll = isBackend(principal) || isAdministrator(principal)
  return readsAll ? { organizationId } : { organizationId, involvedUserId: userId }
}

/** Whether a caller may publish events over MQTT, as backends do: any backend, and role SERVICE. Pure. */
export function mayPublishEvents(principal: Principal): boolean {
  return principal.isService || isBackend(principal)
}

/**
 * Whether a caller administers its organization: it holds the authority `ORGANIZATION_ADMIN` or
 * `ROLE_ORGANIZATION_ADMIN`. Being a backend is not enough, and role SERVICE is more than that. Pure.
 */
function isAdministrator({ organizationId, authorities }: Principal): boolean {
  return organizationId !== null && authorities.some(isAdministratorAuthority)
}

/** Whether a caller sees more than itself: a backend, an administrator, role SERVICE. Pure. */
export function isPrivileged(principal: Principal): boolean {
  return principal.isService || isBackend(principal) || isAdministrator(principal)
}

/**
 * The user whose presence a caller sees and whose endpoints it may end: of its own organization for a backend
 * or an administrator, of the organization it names for role SERVICE, and for everybody else only itself. Pure.
 *
 * @param organizationId read from role SERVICE only; empty and `null` count as absent
 * @throws RollcallError `forbidden`; `organization_required`; `invalid_request`
 */
export function userInSight(principal: Principal, userId: string, organizationId: unknown): UserKey {
  const organization = organizationForSending(principal, organizationId)
  if (!isPrivileged(principal) && userId !== principal.userId) throw new RollcallError('forbidden')
  return { organizationId: organization, userId }
}

/**
 * The user everything of whose a caller may revoke: any of its own organization for an administrator, of the
 * organization it names for role SERVICE, nobody for everybody else, itself included: whoever stole a token
 * must not lock out its owner. Pure.
 *
 * @throws RollcallError as `userInSight`
 */
export function userToRevoke(principal: Principal, userId: string, organizationId: unknown): UserKey {
  if (!principal.isService && !isAdministrator(principal)) throw new RollcallError('forbidden')
  return { organizationId: organizationForSending(principal, organizationId), userId }
}

/**
 * The organization whose statistics a caller may read: its own for a backend or an administrator, for role SERVICE
 * the one it names, or all together (`null`), and none for everybody else. Pure.
 *
 * @param wantedOrganizationId read from role SERVICE only
 * @throws RollcallError `forbidden`
 */
export function organizationOfStatistics(
  principal: Principal,
  wantedOrganizationId: string | undefined,
): string | null {
  if (!isPrivileged(principal)) throw new RollcallError('forbidden')
  return principal.organizationId ?? wantedOrganizationId ?? null
}

/**
 * The organization that a caller may look after, with its users and its webhooks: its own for a backend or an
 * administrator, the one it names for role SERVICE, and none for everybody else. Pure.
 *
 * @param organizationId read from role SERVICE only
 * @throws RollcallError as `userInSight`
 */
export function organizationInSight(principal: Principal, organizationId: unknown): string {
  if (!isPrivileged(principal)) throw new RollcallError('forbidden')
  return organizationForSending(principal, organizationId)
}

/**
 * Which part of the directory a caller administers: its own organization's for an administrator, for role SERVICE that of the
 * one it names, or all of it (`null`), and none for everybody else, backends included: they have a secret in many places.
 * Pure. (docs/adr/0062)
 *
 * @param wantedOrganizationId read from role SERVICE only
 * @throws RollcallError `forbidden`
 */
export function directoryInSight(
  principal: Principal,
  wantedOrganizationId: string | undefined,
): string | null {
  if (principal.isService) return wantedOrganizationId ?? null
  if (!isAdministrator(principal)) throw new RollcallError('forbidden')
  return principal.organizationId
}

/** Lets only role SERVICE pass, which belongs to no organization and sees them all. Pure. @throws RollcallError `forbidden` */
export function requireService({ isService }: Principal): void {
  if (!isService) throw new RollcallError('forbidden')
}
