import type { Clock } from './clock/clock.ts'
import type { Closers } from './closers.ts'
import type { Configuration } from './config/config.ts'
import { createAdminDoor, Door } from './http/connections/door.ts'
import type { HttpSettings } from './http/http.ts'
import { type MqttPorts, openMqttPorts } from './mqtt-ports.ts'
import type { Log } from './observe/observe.ts'
import { placesOf } from './places.ts'

/** All ports. They listen, and whoever comes is told that the server is starting. */
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
}

/** Opens them. Rejects with the system's error, for example `EADDRINUSE`. */
export async function openDoors(options: DoorsOptions): Promise<Doors> {
  const { configuration, settings, clock, log, closers } = options
  const { host, port, adminHost, adminPort } = configuration
  const around = { clock, log }
  const http = new Door(settings, around)
  closers.add(() => http.close())
  const url = await http.listen(host, port)
  const admin = placesOf(configuration).admin === undefined ? undefined : createAdminDoor(settings, around)
  if (admin !== undefined) {
    closers.add(() => admin.close())
    await admin.listen(adminHost, adminPort)
  }
  const mqtt = await openMqttPorts(configuration, settings.tls)
  closers.add(() => mqtt.close())
  log.info('reading the store', { url })
  return { url, http, admin, mqtt }
}
