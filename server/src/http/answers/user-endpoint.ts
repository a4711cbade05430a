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

/**
 * The same as backends see it.
 *
 * @param nameOf what people call the process of a link, where that is told. Default: it is not
 */
export function userEndpointInSight(
  clock: Clock,
  sighting: Sighting<'depth' | 'link'>,
  nameOf: (node: string | undefined) => string | undefined = () => undefined,
): UserEndpointInSight {
  const endpoint = { ...userEndpoint(clock, sighting), mailboxDepth: sighting.depth }
  if (sighting.link === undefined) return endpoint
  const node = nameOf(sighting.link.node)
  const link = connectionInSight(sighting.link.peer)
  return { ...endpoint, link: node === undefined ? link : { ...link, node } }
}

function connectionInSight(peer: LinkPeer): ConnectionInSight {
  const { clientId, protocol, transport, userAgent, connectedAtWallMs } = peer
  const agent = userAgent === undefined ? undefined : { userAgent }
  return { clientId, protocol, transport, ...agent, connectedAt: instant(connectedAtWallMs) }
}

function instant(wallMs: number): string {
  return new Date(wallMs).toISOString()
}
