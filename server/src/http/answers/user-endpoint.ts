import type { ConnectionInSight, UserEndpoint, UserEndpointInSight } from '@rollcall/protocol/command'
import type { LinkPeer } from '../../delivery/delivery.ts'
import type { Registration } from '../../store/store.ts'
import type { HttpServices } from '../services.ts'

/** A registration as its owner sees it. */
export function userEndpoint(
  { clock, delivery }: Pick<HttpServices, 'clock' | 'delivery'>,
  registration: Registration,
): UserEndpoint {
  return {
    id: registration.userEndpointId,
    keepAliveSeconds: registration.keepAliveSeconds,
    serverKeepAliveReminderOn: registration.serverKeepAliveReminderOn,
    registeredAt: instant(registration.registeredAtWallMs),
    lastKeepAliveAt: instant(registration.lastKeepAliveAtWallMs),
    expiresAt: instant(clock.wallMs() + registration.remainingMs),
    connected: delivery.isConnected(registration),
  }
}

/** The same as backends see it. */
export function userEndpointInSight(
  services: Pick<HttpServices, 'clock' | 'delivery'>,
  registration: Registration,
): UserEndpointInSight {
  const mailboxDepth = services.delivery.mailboxDepth(registration)
  const peer = services.delivery.peerOf(registration)
  const link = peer && { link: connectionInSight(peer) }
  return { ...userEndpoint(services, registration), mailboxDepth, ...link }
}

function connectionInSight(peer: LinkPeer): ConnectionInSight {
  const { clientId, protocol, transport, userAgent, connectedAtWallMs } = peer
  const agent = userAgent === undefined ? undefined : { userAgent }
  return { clientId, protocol, transport, ...agent, connectedAt: instant(connectedAtWallMs) }
}

function instant(wallMs: number): string {
  return new Date(wallMs).toISOString()
}
