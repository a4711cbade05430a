import { type CertificateFiles, readCertificate } from './certificate.ts'
import type { Clock } from './clock/clock.ts'
import { Closers } from './closers.ts'
import {
  type Configuration,
  hasKnownSecrets,
  isLoopbackHost,
  usesDemoDirectory,
  withDemoOrigins,
} from './config/config.ts'
import { httpConnectionsWithin, linksWithin, systemDescriptors } from './descriptors.ts'
import { type Doors, openDoors } from './doors.ts'
import type { Certificate, HttpSettings, Page } from './http/http.ts'
import type { Log } from './observe/observe.ts'
import { findPages, findSdk, type PageFolders } from './pages.ts'
import { placesOf } from './places.ts'
import { assertLoopbackForDemo, certificateFiles } from './port-checks.ts'

/** A server of which nothing is there yet but its ports. */
export type Opening = {
  readonly configuration: Configuration
  readonly isDemo: boolean
  readonly settings: HttpSettings
  readonly files: CertificateFiles | undefined
  readonly pages: readonly Page[]
  readonly doors: Doors
  /** Closes what is open, the ports among it. */
  readonly closers: Closers
}

export type OpeningOptions = {
  readonly clock: Clock
  readonly log: Log
  readonly pageFolders: PageFolders
  /** See `DoorsOptions`. */
  readonly opensLate?: boolean
}

/**
 * Opens the ports, whatever else there is to load and to read before anybody can be served. Little is imported for it: to
 * load the rest of the program takes longer than a caller should find nobody.
 *
 * @throws ConfigurationError for a configuration that no port may be opened with; the system's error, for example `EADDRINUSE`
 */
export async function openPorts(given: Configuration, options: OpeningOptions): Promise<Opening> {
  const isDemo = usesDemoDirectory(given)
  const linksMax = linksWithin(given.linksMax, systemDescriptors, options.log)
  const httpConnectionsMax = httpConnectionsWithin(given.httpConnectionsMax, systemDescriptors)
  const configuration = { ...(isDemo ? withDemoOrigins(given) : given), linksMax, httpConnectionsMax }
  assertLoopbackForDemo(configuration)
  const { clock, log, pageFolders } = options
  const files = certificateFiles(configuration)
  const certificate = files && (await readCertificate(files))
  const pages = findPages(pageFolders, { console: configuration.console, isDemo }, log)
  const sdk = findSdk(pageFolders, log)
  const settings = { ...httpSettings(configuration, certificate, pages), sdk }
  const closers = new Closers()
  try {
    const doors = await openDoors({
      ...{ configuration, settings, clock, log, closers },
      opensLate: options.opensLate === true,
    })
    return { configuration, isDemo, settings, files, pages, doors, closers }
  } catch (error) {
    await closers.close()
    throw error
  }
}

function httpSettings(configuration: Configuration, tls: Certificate | undefined, pages: readonly Page[]) {
  return {
    ...configuration,
    ...placesOf(configuration).main,
    ...{ tls, pages },
    logRequests: configuration.logLevel === 'debug' || configuration.logLevel === 'trace',
    backendsShowCertificate: tls?.requestCert === true,
    isHostAllowed: hasKnownSecrets(configuration) ? isLoopbackHost : undefined,
  }
}
