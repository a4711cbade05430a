import type { ConnectionInSight } from '@rollcall/protocol/command'

const PROTOCOLS: ReadonlyMap<string, string> = new Map([['SSE', 'Server-sent events']])

const TRANSPORTS: ReadonlyMap<string, string> = new Map([
  ['websocket', 'WebSocket'],
  ['tcp', 'TCP'],
  ['tls', 'TLS'],
  ['http', 'HTTP'],
])

/** `MQTT 5.0 over WebSocket`. */
export function carriedBy({ protocol, transport }: ConnectionInSight): string {
  return `${PROTOCOLS.get(protocol) ?? protocol} over ${TRANSPORTS.get(transport) ?? transport}`
}
