import type { Closers } from './closers.ts'
import type { Configuration } from './config/config.ts'
import {
  type Admin,
  createAdmin,
  type Door,
  type Http,
  type HttpServices,
  type HttpSettings,
} from './http/http.ts'
import { placesOf } from './places.ts'

export type AdminPortOptions = {
  readonly configuration: Configuration
  readonly http: Http
  readonly services: HttpServices
  readonly settings: HttpSettings
  readonly door: Door | undefined
  readonly closers: Closers
}

/** The front of `adminPort`; `undefined` where there is none. It is closed last, so that a drain can be watched. */
export async function buildAdmin(options: AdminPortOptions): Promise<Admin | undefined> {
  const { configuration, http, services, settings, door, closers } = options
  const { admin: place } = placesOf(configuration)
  if (place === undefined) return undefined
  const document = place.docs ? http.document() : undefined
  const watched = { ...services, readiness: http.readiness }
  const admin = await createAdmin({ services: watched, settings, door, document, hasMetrics: place.metrics })
  closers.add(() => admin.close())
  return admin
}
