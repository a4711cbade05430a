import type { UserEndpoint } from '@rollcall/protocol/command'
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

function instant(wallMs: number): string {
  return new Date(wallMs).toISOString()
}
