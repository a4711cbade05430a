import type { ConnectionInSight, UserEndpoint, UserEndpointInSight } from '@rollcall/protocol/command'
import type { Clock } from '../../clock/clock.ts'
import type { LinkPeer, Sighting } from '../../store/store.ts'

/** A registration as its owner sees it. */
export function userEndpoint(clock: Clock, { registration, link }: Sighting<'link'>): UserEndpoint {
  return {
    id: registration.userEndpointId,
    keepAliveSeconds: registration.keepAliveSeconds,
    serverKeepAliveReminderOn: registration.serverKeepAliveReminderOn,
    registeredAt: instant(registration.registeredAtWallMs),
    lastKeepAliveAt: instant(registration.lastKeepAliveAtWallMs),
    expiresAt: instant(clock.wallMs() + registration.remainingMs),
    connected: link !== undefined,
    ...(registration.wakeUp === undefined ? {} : { canBeWoken: true }),
  }
}

/** The same as backends see it. */
export function userEndpointInSight(clock: Clock, sighting: Sighting<'depth' | 'link'>): UserEndpointInSight {
  const link = sighting.link && { link: connectionInSight(sighting.link.peer) }
  return { ...userEndpoint(clock, sighting), mailboxDepth: sighting.depth, ...link }
}

function connectionInSight(peer: LinkPeer): ConnectionInSight {
  const { clientId, protocol, transport, userAgent, connectedAtWallMs } = peer
  const agent = userAgent === undefined ? undefined : { userAgent }
  return { clientId, protocol, transport, ...agent, connectedAt: instant(connectedAtWallMs) }
}

function instant(wallMs: number): string {
  return new Date(wallMs).toISOString()
}
