import type { Clock } from './clock/clock.ts'
import type { Closers } from './closers.ts'
import type { Configuration } from './config/config.ts'
import { createAdminDoor, Door } from './http/connections/door.ts'
import type { HttpSettings } from './http/http.ts'
import { type MqttPorts, openMqttPorts } from './mqtt-ports.ts'
import type { Log } from './observe/observe.ts'
import { placesOf } from './places.ts'

/** All ports. They listen, and whoever comes is told that the server is starting; or they will, once somebody can be served. */
export type Doors = {
  /** Where HTTP is served, e.g. `http://127.0.0.1:8080`. */
  readonly url: string
  readonly http: Door
  /** Of `adminPort`; `undefined` where there is none. */
  readonly admin: Door | undefined
  readonly mqtt: MqttPorts
}

export type DoorsOptions = {
  readonly configuration: Configuration
  readonly settings: HttpSettings
  readonly clock: Clock
  readonly log: Log
  readonly closers: Closers
  /**
   * Others serve at these ports already, so that nobody needs to be told that this process is starting: it listens when it is
   * there. Not where the port is drawn. Default: it listens at once.
   */
  readonly opensLate?: boolean
}

/** Opens them. Rejects with the system's error, for example `EADDRINUSE`. */
export async function openDoors(options: DoorsOptions): Promise<Doors> {
  const { configuration, settings, clock, log, closers, opensLate = false } = options
  const { host, port, adminHost, adminPort } = configuration
  const around = { clock, log }
  const http = new Door(settings, around)
  closers.add(() => http.close())
  const isLate = opensLate && port !== 0
  const url = isLate ? urlOf(host, port, settings) : await http.listen(host, port)
  const admin = placesOf(configuration).admin === undefined ? undefined : createAdminDoor(settings, around)
  if (admin !== undefined) {
    closers.add(() => admin.close())
    if (!isLate) await admin.listen(adminHost, adminPort)
  }
  const mqtt = await openMqttPorts(configuration, settings.tls, isLate)
  closers.add(() => mqtt.close())
  log.info('reading the store', { url })
  return { url, http, admin, mqtt }
}

/** As it will be once it listens. */
function urlOf(host: string, port: number, { tls }: HttpSettings): string {
  return `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`
}
