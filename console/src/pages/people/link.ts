import type { ConnectionInSight } from '@rollcall/protocol/command'

const TRANSPORTS: ReadonlyMap<string, string> = new Map([
  ['websocket', 'WebSocket'],
  ['tcp', 'TCP'],
  ['tls', 'TLS'],
])

/** `MQTT 5.0 over WebSocket`. */
export function carriedBy({ protocol, transport }: ConnectionInSight): string {
  return `${protocol} over ${TRANSPORTS.get(transport) ?? transport}`
}
