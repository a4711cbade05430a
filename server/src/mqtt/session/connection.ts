import type { MqttContext } from '../context.ts'
import type { Transport } from '../transport/transport.ts'
import type { Member } from './sessions.ts'

/** One MQTT connection, as what works for it sees it: a `Session`. Whatever else somebody needs of it they name themselves. */
export interface Connection extends Member {
  readonly context: MqttContext
  readonly transport: Transport
  /** Whose connection it is, as far as proxies tell. */
  readonly remoteAddress: string
  /** Sends one packet, unless the client said that it takes none so large [MQTT-3.1.2-24]. */
  write(packet: Buffer): void
  /** Has the connection looked at soon, since something changed that a deadline hangs on. */
  reschedule(): void
}
