import type { LinkPeer } from '../../delivery/delivery.ts'
import type { Transport } from '../transport/transport.ts'
import type { MqttClient } from './client.ts'

/**
 * What people who look are told of a connection. Made when asked for, from what is there anyway: of a hundred thousand
 * connections hardly one ever is looked at.
 */
export function peerOf({ key, version, connectedAtWallMs }: MqttClient, transport: Transport): LinkPeer {
  return {
    // The key's other parts, and a client id, have no slash.
    clientId: key?.slice(key.lastIndexOf('/') + 1) ?? '',
    protocol: version === 5 ? 'MQTT 5.0' : 'MQTT 3.1.1',
    transport: transport.name,
    userAgent: transport.userAgent,
    connectedAtWallMs,
  }
}
