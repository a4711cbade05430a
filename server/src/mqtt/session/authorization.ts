import type { Principal } from '../../auth/auth.ts'
import { asError } from '../../observe/observe.ts'
import type { Registrar } from '../../registrar/registrar.ts'
import type { EndpointKey, Registration } from '../../store/store.ts'
import type { CloseReason } from '../reasons.ts'
import type { MqttClient } from './client.ts'
import type { Connection } from './connection.ts'
import { whileAway } from './while-away.ts'

/**
 * A connection lives as long as its authorization: the token's `exp`, for each endpoint moved on by HTTP
 * keepalives with a newer token. Those keepalives are not told here one by one: what was read when the client
 * subscribed holds until then, and is read again when it is over.
 */

/** An endpoint of the connection, and until when it was renewed, as last read. */
type Renewed = { readonly registration: Registration; authorizedUntilWallMs: number }

/** A connection with the endpoints that its authorization hangs on. */
export type Authorized = Connection & { readonly links: readonly Renewed[] }

/** Wall-clock time until which the connection is known to be authorized: for all of its endpoints. */
export function authorizedUntilWallMs(client: MqttClient, links: readonly Renewed[]): number {
  const renewals = links.map((link) => link.authorizedUntilWallMs)
  const renewedUntilWallMs = renewals.length === 0 ? client.renewedUntilWallMs : Math.min(...renewals)
  return Math.max(client.principal.expiresAtWallMs, renewedUntilWallMs)
}

/** Whether the client may use an endpoint of its user that is renewed until then. */
export function isAuthorized(client: MqttClient, renewedUntilWallMs: number, nowWallMs: number): boolean {
  return nowWallMs < Math.max(client.principal.expiresAtWallMs, renewedUntilWallMs)
}

/** Whether the client may act for an endpoint: with an expired token only for one that is renewed with a newer one. */
export async function mayActFor(
  connection: Connection,
  client: MqttClient,
  endpoint: EndpointKey,
): Promise<boolean> {
  const { registrar, clock } = connection.context
  if (clock.wallMs() < client.principal.expiresAtWallMs) return true
  const registration = await registrar.find(endpoint)
  return (
    registration !== undefined && isAuthorized(client, registration.authorizedUntilWallMs, clock.wallMs())
  )
}

/** Latest `authorizedUntilWallMs` among the user's live registrations; 0 without any. */
export async function latestRenewalWallMs(
  { organizationId, userId }: Principal,
  registrar: Pick<Registrar, 'look'>,
): Promise<number> {
  if (organizationId === null) return 0
  const sightings = await registrar.look([{ organizationId, userId }], {})
  return Math.max(0, ...sightings.map(({ registration }) => registration.authorizedUntilWallMs))
}

/**
 * Reads again what the authorization rests on, now that it is over as far as is known, and closes the connection
 * where it is over indeed, or cannot be read for ten seconds. The connection lives on meanwhile.
 */
export function renewAuthorization(connection: Authorized, client: MqttClient): void {
  if (client.isRenewing) return
  client.isRenewing = true
  const { clock } = connection.context
  whileAway(
    clock,
    () => connection.isOpen,
    () => judgeAgain(connection, client),
  )
    .catch((error: unknown): CloseReason => {
      connection.context.log.error('mqtt: an authorization could not be renewed', { err: asError(error) })
      return 'authorization_lost'
    })
    .then((reason) => {
      client.isRenewing = false
      if (reason === undefined) connection.reschedule()
      else connection.close(reason)
    })
    .catch((error: unknown) => connection.fail(error))
}

/** Returns why the connection must be closed, `undefined` where it may live on. */
async function judgeAgain(connection: Authorized, client: MqttClient): Promise<CloseReason | undefined> {
  const { registrar, clock } = connection.context
  if (connection.links.length === 0)
    client.renewedUntilWallMs = await latestRenewalWallMs(client.principal, registrar)
  for (const link of connection.links) {
    if (isAuthorized(client, link.authorizedUntilWallMs, clock.wallMs())) continue
    const registration = await registrar.find(link.registration)
    if (registration?.registrationId !== link.registration.registrationId) return 'endpoint_expired'
    link.authorizedUntilWallMs = registration.authorizedUntilWallMs
  }
  const untilWallMs = authorizedUntilWallMs(client, connection.links)
  return clock.wallMs() < untilWallMs ? undefined : 'authorization_lost'
}
