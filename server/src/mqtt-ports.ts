import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls'
import type { Configuration } from './config/config.ts'
import type { Certificate } from './http/http.ts'
import { refuseWhileStarting } from './mqtt/transport/starting.ts'

/** Time a peer has to finish its TLS handshake, milliseconds. */
const HANDSHAKE_TIMEOUT_MS = 10_000

type Listener = { adopt(server: Server): void }

/** The plain MQTT ports that are configured. Until they are handed over, every CONNECT is told to come again. */
export type MqttPorts = {
  /** The servers whose certificate has to be renewed with the others. */
  readonly tlsServers: readonly TlsServer[]
  handOver(mqtt: Listener): void
  /** Takes no more connections. */
  close(): void
}

/**
 * Opens them. Rejects with the system's error, for example `EADDRINUSE`.
 *
 * @param isLate they listen only once they are handed over
 */
export async function openMqttPorts(
  { host, mqttPort, mqttTlsPort }: Pick<Configuration, 'host' | 'mqttPort' | 'mqttTlsPort'>,
  certificate: Certificate | undefined,
  isLate = false,
): Promise<MqttPorts> {
  const servers: { readonly server: Server; readonly port: number; readonly stopRefusing: () => void }[] = []
  const tlsServers: TlsServer[] = []
  const open = async (server: Server, port: number): Promise<void> => {
    const stopRefusing = refuseWhileStarting(server)
    servers.push({ server, port, stopRefusing })
    if (isLate) return
    server.listen({ host, port })
    await once(server, 'listening')
  }
  const ports: MqttPorts = {
    tlsServers,
    handOver(mqtt) {
      for (const { server, port, stopRefusing } of servers) {
        mqtt.adopt(server)
        stopRefusing()
        if (isLate) server.listen({ host, port })
      }
    },
    close() {
      for (const { server } of servers) server.close()
    },
  }
  try {
    if (mqttPort !== 0) await open(createServer({ noDelay: true }), mqttPort)
    if (mqttTlsPort === 0 || certificate === undefined) return ports
    const server = createTlsServer({ ...certificate, noDelay: true, handshakeTimeout: HANDSHAKE_TIMEOUT_MS })
    tlsServers.push(server)
    await open(server, mqttTlsPort)
    return ports
  } catch (error) {
    ports.close()
    throw error
  }
}
