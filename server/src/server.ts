import { mkdir } from 'node:fs/promises'
import { isIP } from 'node:net'
import { type Auth, createAuth } from './auth/auth.ts'
import { type Clock, type Random, uuidMaker } from './clock/clock.ts'
import { type Configuration, ConfigurationError } from './config/config.ts'
import { createDelivery, type Delivery } from './delivery/delivery.ts'
import { createHttp, type Http } from './http/http.ts'
import { createSealer, loadSealingKey } from './masks/masks.ts'
import { createMqtt, type Mqtt } from './mqtt/mqtt.ts'
import { createMetrics, type Log, type Metrics } from './observe/observe.ts'
import { createRegistrar, type Registrar } from './registrar/registrar.ts'
import { openLmdbStore } from './store/lmdb/lmdb.ts'
import type { Store } from './store/store.ts'

/** What the process gives: time, randomness and a place to write lines. */
export type Surroundings = { readonly clock: Clock; readonly random: Random; readonly log: Log }

export type RunningServer = {
  /** Where it listens, e.g. `http://127.0.0.1:8080`. */
  readonly url: string
  readonly usesDemoDirectory: boolean
  /** Drains, makes everything durable, and stops. Idempotent. */
  close(): Promise<void>
}

/**
 * Composition root: builds every room, wires them, starts them, and stops them in reverse order.
 *
 * @throws ConfigurationError for a configuration that cannot be used; any Error when something else is missing
 */
export async function startServer(configuration: Configuration, around: Surroundings): Promise<RunningServer> {
  const usesDemoDirectory = configuration.directoryFile === undefined
  if (usesDemoDirectory && !isLoopback(configuration.host))
    throw new ConfigurationError(
      'HOST',
      'the demo directory is for this machine only: listen on a loopback address, or set DIRECTORY_FILE',
    )
  await mkdir(configuration.dataDir, { recursive: true, mode: 0o700 })
  return undefined as never
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
