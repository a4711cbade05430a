import { createServer, type Server } from 'node:net'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls'
import type { Certificate } from './certificate.ts'
import type { Configuration } from './config/config.ts'

/** Time a peer has to finish its TLS handshake, milliseconds. */
const HANDSHAKE_TIMEOUT_MS = 10_000

type Listener = { listen(server: Server, host: string, port: number): Promise<void> }

/**
 * Opens the plain MQTT ports that are configured.
 *
 * @returns the servers whose certificate has to be renewed with the others
 */
export async function openMqttPorts(
  mqtt: Listener,
  { host, mqttPort, mqttTlsPort }: Pick<Configuration, 'host' | 'mqttPort' | 'mqttTlsPort'>,
  certificate: Certificate | undefined,
): Promise<readonly TlsServer[]> {
  if (mqttPort !== 0) await mqtt.listen(createServer({ noDelay: true }), host, mqttPort)
  if (mqttTlsPort === 0 || certificate === undefined) return []
  const server = createTlsServer({ ...certificate, noDelay: true, handshakeTimeout: HANDSHAKE_TIMEOUT_MS })
  await mqtt.listen(server, host, mqttTlsPort)
  return [server]
}
