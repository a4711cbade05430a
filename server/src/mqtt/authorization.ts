import type { Principal } from '../auth/auth.ts'
import type { Registrar } from '../registrar/registrar.ts'
import type { EndpointKey } from '../store/store.ts'
import { asError } from './as-error.ts'
import type { Client } from './client.ts'
import type { EndpointLink } from './endpoint-link.ts'
import type { CloseReason } from './reasons.ts'
import type { Session } from './session.ts'

/**
 * A connection lives as long as its authorization: the token's `exp`, for each endpoint moved on by HTTP
 * keepalives with a newer token. Those keepalives are not told here one by one: what was read when the client
 * subscribed holds until then, and is read again when it is over.
 */

/** Wall-clock time until which the connection is known to be authorized: for all of its endpoints. */
export function authorizedUntilWallMs(client: Client, links: readonly EndpointLink[]): number {
  const renewals = links.map((link) => link.authorizedUntilWallMs)
  const renewedUntilWallMs = renewals.length === 0 ? client.renewedUntilWallMs : Math.min(...renewals)
  return Math.max(client.principal.expiresAtWallMs, renewedUntilWallMs)
}

/** Whether the client may use an endpoint of its user that is renewed until then. */
export function isAuthorized(client: Client, renewedUntilWallMs: number, nowWallMs: number): boolean {
  return nowWallMs < Math.max(client.principal.expiresAtWallMs, renewedUntilWallMs)
}

/** Whether the client may act for an endpoint: with an expired token only for one that is renewed with a newer one. */
export async function mayActFor(session: Session, client: Client, endpoint: EndpointKey): Promise<boolean> {
  const { registrar, clock } = session.context
  if (clock.wallMs() < client.principal.expiresAtWallMs) return true
  const registration = await registrar.find(endpoint)
  return (
    registration !== undefined && isAuthorized(client, registration.authorizedUntilWallMs, clock.wallMs())
  )
}

/** Latest `authorizedUntilWallMs` among the user's live registrations; 0 without any. */
export async function latestRenewalWallMs(
  { organizationId, userId }: Principal,
  registrar: Pick<Registrar, 'list'>,
): Promise<number> {
  if (organizationId === null) return 0
  const registrations = await registrar.list({ organizationId, userId })
  return Math.max(0, ...registrations.map((registration) => registration.authorizedUntilWallMs))
}

/**
 * Reads again what the authorization rests on, now that it is over as far as is known, and closes the connection
 * where it is over indeed, or cannot be read. The connection lives on meanwhile, for one look-up.
 */
export function renewAuthorization(session: Session, client: Client): void {
  if (session.isRenewing) return
  session.isRenewing = true
  judgeAgain(session, client)
    .catch((error: unknown): CloseReason => {
      session.context.log.error('mqtt: an authorization could not be renewed', { err: asError(error) })
      return 'authorization_lost'
    })
    .then((reason) => {
      session.isRenewing = false
      if (reason === undefined) session.reschedule()
      else session.close(reason)
    })
    .catch((error: unknown) => session.fail(error))
}

/** Returns why the connection must be closed, `undefined` where it may live on. */
async function judgeAgain(session: Session, client: Client): Promise<CloseReason | undefined> {
  const { registrar, clock } = session.context
  if (session.links.length === 0)
    client.renewedUntilWallMs = await latestRenewalWallMs(client.principal, registrar)
  for (const link of session.links) {
    if (isAuthorized(client, link.authorizedUntilWallMs, clock.wallMs())) continue
    const registration = await registrar.find(link.registration)
    if (registration?.registrationId !== link.registration.registrationId) return 'endpoint_expired'
    link.authorizedUntilWallMs = registration.authorizedUntilWallMs
  }
  const untilWallMs = authorizedUntilWallMs(client, session.links)
  return clock.wallMs() < untilWallMs ? undefined : 'authorization_lost'
}
