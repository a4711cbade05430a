import type { UserEndpoint, UserEndpointInSight } from '@rollcall/protocol/command'
import type { Registration } from '../store/store.ts'
import type { HttpServices } from './services.ts'

/** A registration as its owner sees it. */
export function userEndpoint(
  { registrar, delivery }: Pick<HttpServices, 'registrar' | 'delivery'>,
  registration: Registration,
): UserEndpoint {
  return {
    id: registration.userEndpointId,
    keepAliveSeconds: registration.keepAliveSeconds,
    serverKeepAliveReminderOn: registration.serverKeepAliveReminderOn,
    registeredAt: instant(registration.registeredAtWallMs),
    lastKeepAliveAt: instant(registration.lastKeepAliveAtWallMs),
    expiresAt: instant(registrar.expiresAtWallMs(registration)),
    connected: delivery.isConnected(registration),
  }
}

/** The same as backends see it. */
export function userEndpointInSight(
  services: Pick<HttpServices, 'registrar' | 'delivery'>,
  registration: Registration,
): UserEndpointInSight {
  const mailboxDepth = services.delivery.mailboxDepth(registration)
  return { ...userEndpoint(services, registration), mailboxDepth }
}

function instant(wallMs: number): string {
  return new Date(wallMs).toISOString()
}
