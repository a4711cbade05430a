import { type Auth, createAuth } from './auth/auth.ts'
import { type CertificateFiles, watchCertificate } from './certificate.ts'
import { type Clock, type Random, uuidMaker } from './clock/clock.ts'
import { Closers } from './closers.ts'
import type { Cluster } from './cluster/cluster.ts'
import type { Configuration } from './config/config.ts'
import { createDelivery, type Delivery, type OnAsleep } from './delivery/delivery.ts'
import { systemDescriptors, watchDescriptors } from './descriptors.ts'
import type { Doors } from './doors.ts'
import { buildFronts, type Fronts } from './fronts.ts'
import { type Ground, layGround } from './ground.ts'
import type { Page } from './http/http.ts'
import { watchLoad } from './load.ts'
import { SEALING_KEY_FILE } from './masks/masks.ts'
import type { Log } from './observe/observe.ts'
import { type OpenDemo, openDemo } from './open-demo.ts'
import { type Opening, openPorts } from './opening.ts'
import type { PageFolders } from './pages.ts'
import { watchReadiness } from './readiness.ts'
import { createRegistrar, type Registrar } from './registrar/registrar.ts'
import { openStanding, type Standing } from './standing.ts'
import { openFolderStore } from './store/embedded/embedded.ts'
import { tokenWitness } from './token-witness.ts'
import { createWebhooks, openWakeUps, type WakeEvent, type WakeUps } from './webhooks/webhooks.ts'

export { backUpFolder, restoreFolder } from './store/embedded/embedded.ts'

/** What the process gives: time, randomness, a place for log lines, and where it finds its pages. */
export type Surroundings = {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly pageFolders: PageFolders
  /**
   * Told once when another process has the data folder, or it is gone: nothing is written or confirmed any more, and
   * whoever is told ends the process. Default: nobody is told.
   */
  readonly onStoreLost?: (error: Error) => void
  /** Whether everything is in memory and nothing is kept, whatever else is configured. Default: no. */
  readonly inMemory?: boolean
  /** Default: opens the store of the data folder. */
  readonly openStore?: typeof openFolderStore
}

export type RunningServer = {
  /** Where it listens, e.g. `http://127.0.0.1:8080`. */
  readonly url: string
  /** The page that explains the API, where it is served. */
  readonly docsUrl: string | undefined
  readonly usesDemoDirectory: boolean
  /** The demo directory with secrets of its own, where that was asked for. */
  readonly openDemo: OpenDemo | undefined
  /** The pages that it serves besides `/docs`. */
  readonly pages: readonly Page[]
  /** Reads the directory file again, whether or not it looks changed. */
  reloadDirectory(): Promise<void>
  /** Opens the file of the audit log anew, after it was moved away. */
  reopenAudit(): void
  /** Drains, makes everything durable, and stops. Idempotent. */
  close(): Promise<void>
}

/**
 * Composition root: builds every room, wires them, starts them, and stops them in reverse order.
 *
 * @throws ConfigurationError for a configuration that cannot be used; another Error when something is missing
 */
export async function startServer(given: Configuration, around: Surroundings): Promise<RunningServer> {
  return startBehind(await openPorts(given, around), around)
}

/** The same behind ports that are open; where it cannot be done they are closed. */
export async function startBehind(opening: Opening, around: Surroundings): Promise<RunningServer> {
  try {
    return await start(opening, around)
  } catch (error) {
    await opening.closers.close()
    throw error
  }
}

async function start(opening: Opening, around: Surroundings): Promise<RunningServer> {
  const { configuration, isDemo, settings, files, pages, doors, closers } = opening
  const { clock, random, log } = around
  const issuer = configuration.publicUrl ?? doors.url
  const openStore = (beside: Pick<Ground, 'statistics' | 'limits'>) =>
    openStoreOf(configuration, around, beside)
  const ground = await layGround({ configuration, clock, random, log, openStore, closers })
  const { store, metrics, limits, audit, standing } = ground
  const { cluster } = standing
  const demo = await openDemoOf({ isDemo, configuration, random })
  const directoryFile = demo?.file ?? configuration.directoryFile
  const auth = await openAuth({
    configuration: { ...configuration, directoryFile },
    around,
    ground,
    cluster,
    issuer,
    closers,
  })
  const wakeUps = buildWakeUps({ configuration, around, ground, cluster, auth, closers })
  const { delivery, registrar } = buildReach({
    configuration,
    around,
    ground,
    cluster,
    auth,
    closers,
    wakeUps,
  })
  standing.onDataLost((isConcerned) => {
    metrics.dataLost()
    delivery.dataLost(isConcerned)
  })
  standing.onOutOfReach((isConcerned) => delivery.outOfReach(isConcerned, configuration.drainSeconds * 1000))
  const webhooks = createWebhooks({ store, auth, clock, random, log, metrics, settings: configuration })
  closers.add(() => webhooks.close())
  const readiness = watchReadiness(store, limits.shedding)
  const fronts = await buildFronts({
    ...{ configuration, settings, clock, random, log, closers },
    ...{ ground, cluster, auth, registrar, delivery, webhooks, wakeUps, readiness, doors },
  })
  await standing.join()
  const urls = await openFronts({ configuration, fronts, doors })
  if (files !== undefined) closers.add(renewCertificates({ files, around, fronts, doors }))
  closers.add(watchLoad({ clock, log, shedding: limits.shedding, ledger: limits.ledger }))
  closers.add(watchDescriptors({ clock, log, metrics, descriptors: systemDescriptors }))
  registrar.start()
  wakeUps.start()
  readiness.started()
  const { url, docsUrl, adminUrl } = urls
  log.info('listening', { url, issuer, ...(adminUrl === undefined ? {} : { adminUrl }) })
  return {
    ...{ url, docsUrl, usesDemoDirectory: isDemo, openDemo: demo, pages },
    reloadDirectory: () => auth.reloadDirectory(),
    reopenAudit: () => audit.reopen(),
    close: () => closers.close(),
  }
}

/**
 * Opens what a service stands on for as long as something is done with it, while the service itself does not run.
 *
 * @throws ConfigurationError; Error where another process has the store
 */
export async function withGround<T>(
  configuration: Configuration,
  around: Omit<Surroundings, 'pageFolders'>,
  work: (ground: Pick<Ground, 'store' | 'sealer'>) => Promise<T>,
): Promise<T> {
  const { clock, random, log } = around
  const closers = new Closers()
  const openStore = (beside: Pick<Ground, 'statistics' | 'limits'>) =>
    openStoreOf(configuration, around, beside)
  try {
    return await work(await layGround({ configuration, clock, random, log, openStore, closers }))
  } finally {
    await closers.close()
  }
}

/** After the store is open, whose lock says that nobody else makes it. */
async function openDemoOf(given: {
  readonly isDemo: boolean
  readonly configuration: Configuration
  readonly random: Random
}): Promise<OpenDemo | undefined> {
  const { demoSecrets, dataDir } = given.configuration
  return given.isDemo && demoSecrets === 'random' ? openDemo(dataDir, given.random) : undefined
}

function openStoreOf(
  configuration: Configuration,
  {
    clock,
    random,
    log,
    onStoreLost,
    inMemory,
    openStore = openFolderStore,
  }: Omit<Surroundings, 'pageFolders'>,
  { statistics, limits }: Pick<Ground, 'statistics' | 'limits'>,
): Promise<Standing> {
  return openStanding({
    ...{ configuration, clock, random, log, openFolder: openStore, keptBeside: SEALING_KEY_FILE },
    inMemory: inMemory === true,
    isOverloaded: () => limits.shedding.level === 'overloaded',
    onStoreLost: (error) => onStoreLost?.(error),
    onMailboxEnded(organizationId, entries) {
      statistics.of(organizationId).outcome(1, 'registration_ended', entries)
    },
  })
}

type Laid = {
  readonly configuration: Configuration
  readonly around: Surroundings
  readonly ground: Ground
  readonly cluster: Cluster
  readonly closers: Closers
}

async function openAuth(laid: Laid & { readonly issuer: string }): Promise<Auth> {
  const { configuration, around, ground, cluster, issuer, closers } = laid
  const { clock, random, log } = around
  const { store, metrics, audit, limits, sealer } = ground
  const auth = await createAuth({
    ...{ store, cluster, clock, random, log, issuer: () => issuer },
    accessTokenTtlSeconds: configuration.accessTokenTtlSeconds,
    refreshTokenTtlSeconds: configuration.refreshTokenTtlSeconds,
    refreshFamiliesPerUserMax: configuration.refreshFamiliesPerUserMax,
    signingKeyRotationDays: configuration.signingKeyRotationDays,
    staleConnectSecondsMax: configuration.staleConnectSecondsMax,
    tokenBytesMax: configuration.tokenBytesMax,
    directoryFile: configuration.directoryFile,
    storedDirectory: configuration.directory === 'store' ? { sealer } : undefined,
    directoryFileShared: configuration.directoryFileShared,
    foreignIssuers: configuration.foreignIssuers,
    openIdConnect: configuration.openIdConnect,
    openIdConnectClientSecret: configuration.openIdConnectClientSecret,
    revocations: configuration,
    admission: limits.signIn,
    witness: tokenWitness({ audit, metrics, store }),
  })
  closers.add(() => auth.close())
  return auth
}

function buildWakeUps(laid: Laid & { readonly auth: Auth }): WakeUps {
  const { configuration, around, ground, cluster, auth, closers } = laid
  const { store, sealer, metrics, statistics } = ground
  const { clock, random, log } = around
  const newId = uuidMaker(clock, random)
  const wakeUps = openWakeUps({
    ...{ store, cluster, sealer, auth, clock, newId, log, metrics, statistics },
    settings: configuration,
  })
  closers.add(() => wakeUps.close())
  return wakeUps
}

/** What a device may be told of an event before it comes for it. What was sent with masks goes to no third party. */
function sleepersEvent({
  eventId,
  type,
  bytes,
  isMasked,
  expiresAtWallMs,
}: Parameters<OnAsleep>[1]): WakeEvent {
  return { eventId, type, bytes: isMasked ? undefined : bytes, expiresAtWallMs }
}

/** Who is reachable, and how events get there: what works without a network. */
function buildReach(laid: Laid & { readonly auth: Auth; readonly wakeUps: WakeUps }): {
  delivery: Delivery
  registrar: Registrar
} {
  const { configuration, around, ground, cluster, auth, closers, wakeUps } = laid
  const { store, sealer, metrics, statistics, limits } = ground
  const { clock, random, log } = around
  const newId = uuidMaker(clock, random)
  const delivery = createDelivery({
    ...{ store, cluster, sealer, clock, newId, metrics, statistics, log },
    maskLength: configuration.maskLength,
    limits: configuration,
    quotas: limits,
    onAsleep: (registration, event, sequence) => wakeUps.wake(registration, sleepersEvent(event), sequence),
    onAttached: ({ registrationId }) => wakeUps.connected(registrationId),
    onLeft: (registration) => wakeUps.left(registration),
    organizationOf: (id) => auth.organizations().get(id),
    mayBeOrganization: (id) => auth.mayBeOrganization(id),
  })
  const makesRoom = configuration.endpointsFull === 'evict'
  const registrar = createRegistrar({
    ...{ store, clock, newId, metrics, statistics, log },
    limits: configuration,
    mayEvict: makesRoom,
    onRegistered: (registration) => delivery.endpointRegistered(registration),
    onReminderDue: (registration) => delivery.remind(registration),
    onExpired: (registration) => delivery.endpointGone(registration, 'expired'),
    onUnregistered: (registration) => delivery.endpointGone(registration, 'unregistered'),
    onLapsed: (entries) => delivery.entriesLapsed(entries),
  })
  closers.add(() => registrar.close())
  closers.add(() => delivery.close())
  closers.add(() => delivery.drain())
  return { delivery, registrar }
}

type FrontsToOpen = {
  readonly configuration: Configuration
  readonly fronts: Fronts
  readonly doors: Doors
}

/** From here on people are heard. Returns where. */
async function openFronts({ configuration, fronts: { http, mqtt, admin }, doors }: FrontsToOpen) {
  const url = await http.listen(configuration.host, configuration.port)
  const adminUrl = await admin?.listen(configuration.adminHost, configuration.adminPort)
  doors.mqtt.handOver(mqtt)
  return { url, adminUrl, docsUrl: configuration.docs ? `${adminUrl ?? url}/docs` : undefined }
}

type Renewal = {
  readonly files: CertificateFiles
  readonly around: Surroundings
  readonly fronts: Fronts
  readonly doors: Doors
}

/** Every port takes a certificate that has changed. @returns what stops the watching */
function renewCertificates({ files, around, fronts, doors }: Renewal): () => void {
  return watchCertificate(files, around, (certificate) => {
    fronts.http.setCertificate(certificate)
    fronts.admin?.setCertificate(certificate)
    fronts.notices.setCertificate(certificate.cert)
    for (const server of doors.mqtt.tlsServers) server.setSecureContext(certificate)
  })
}
