import type { Server } from 'node:http'
import { Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { afterThisTurn } from '../../clock/clock.ts'
import { type Pool, strangerAt } from '../../limits/limits.ts'
import type { IsTrusted } from './client-address.ts'
import { HANDED_OVER } from './upgrade.ts'

/**
 * Connections cost a descriptor each, and one that has asked something may be idle for minutes: so all together are bounded,
 * and each address has a share of that. A connection past it is closed unheard; to say so would take what there is too
 * little of. Trusted proxies have no share of their own: behind them is everybody. What became a WebSocket counts as a link.
 *
 * To be called once all others hear of new connections.
 */
export function shareConnections(server: Server, connections: Pool, isTrusted: IsTrusted): void {
  const held = new WeakMap<object, () => void>()
  const release = (socket: Socket): void => held.get(socket)?.()
  server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
    const { remoteAddress = '' } = socket
    const taken = connections.take(isTrusted(remoteAddress) ? [] : strangerAt(remoteAddress))
    // Not at once: others who hear of it after this one expect one that is open.
    if (taken === undefined) return afterThisTurn(() => socket.destroy())
    held.set(socket, () => {
      taken()
      held.delete(socket)
      socket.off('close', closed)
    })
    const closed = (): void => release(socket)
    socket.once('close', closed)
  })
  server.on(HANDED_OVER, release)
}
