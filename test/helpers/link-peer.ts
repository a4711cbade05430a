import type { LinkPeer } from '../../server/src/delivery/delivery.ts'

/** The other end of a link that a test makes up. */
export const PEER: LinkPeer = {
  clientId: 'phone-1',
  protocol: 'MQTT 3.1.1',
  transport: 'websocket',
  userAgent: 'Test/1.0',
  connectedAtWallMs: Date.UTC(2026, 0, 1),
}
