import { placesOf } from './admin-port.ts'
import type { Clock } from './clock/clock.ts'
import type { Closers } from './closers.ts'
import type { Configuration } from './config/config.ts'
import { createAdminDoor, Door, type HttpSettings } from './http/http.ts'
import { type MqttPorts, openMqttPorts } from './mqtt-ports.ts'
import type { Log } from './observe/observe.ts'

/** All ports. They listen, and whoever comes is told that the server is starting. */
export type Doors = {
  /** Where HTTP is served, e.g. `http://127.0.0.1:8080`. */
  readonly url: string
  readonly http: Door
  /** Of `adminPort`; `undefined` where there is none. */
  readonly admin: Door | undefined
  readonly mqtt: MqttPorts
}

/** Opens them. Rejects with the system's error, for example `EADDRINUSE`. */
export async function openDoors(
  configuration: Configuration,
  settings: HttpSettings,
  around: { readonly clock: Clock; readonly log: Log },
  closers: Closers,
): Promise<Doors> {
  const { host, port, adminHost, adminPort } = configuration
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
  around.log.info('reading the store', { url })
  return { url, http, admin, mqtt }
}
