import { mkdir } from 'node:fs/promises'
import { buildAdmin, placesOf } from './admin-port.ts'
import { type Audit, createAudit } from './audit/audit.ts'
import { type Auth, createAuth, usesDemoDirectory } from './auth/auth.ts'
import { type Certificate, type CertificateFiles, readCertificate, watchCertificate } from './certificate.ts'
import { type Clock, type Random, uuidMaker, watchWallJumps } from './clock/clock.ts'
import { Closers } from './closers.ts'
import { type Configuration, isLoopbackHost, withDemoOrigins } from './config/config.ts'
import { createDelivery, type Delivery, type DeliveryOptions } from './delivery/delivery.ts'
import { linksWithin, systemDescriptors, watchDescriptors } from './descriptors.ts'
import { type Doors, openDoors } from './doors.ts'
import { createHistory, type History } from './history/history.ts'
import { type Admin, createHttp, type Http, type Page } from './http/http.ts'
import { createLimits, type Limits } from './limits/limits.ts'
import { sharingOf, watchLoad } from './load.ts'
import { createSealer, loadSealingKey, SEALING_KEY_FILE } from './masks/masks.ts'
import { createMqtt, type Mqtt } from './mqtt/mqtt.ts'
import { createMetrics, type Log, type Metrics, Statistics } from './observe/observe.ts'
import { findPages, type PageFolders } from './pages.ts'
import { createRegistrar, type Registrar } from './registrar/registrar.ts'
import { assertLoopback, assertOwnFolder, certificateFiles } from './start-checks.ts'
import { openFolderStore } from './store/embedded/embedded.ts'
import { feedBounds, type OnMailboxEnded, type Store } from './store/store.ts'
import { tokenWitness } from './token-witness.ts'
import { createWebhooks, type Webhooks } from './webhooks/webhooks.ts'

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
  /** Default: opens the store of the data folder. */
  readonly openStore?: typeof openFolderStore
}

export type RunningServer = {
  /** Where it listens, e.g. `http://127.0.0.1:8080`. */
  readonly url: string
  /** The page that explains the API, where it is served. */
  readonly docsUrl: string | undefined
  readonly usesDemoDirectory: boolean
  /** The pages that it serves besides `/docs`. */
  readonly pages: readonly Page[]
  /** Reads the directory file again, whether or not it looks changed. */
  reloadDirectory(): Promise<void>
  /** Opens the file of the audit log anew, after it was moved away. */
  reopenAudit(): void
  /** Drains, makes everything durable, and stops. Idempotent. */
  close(): Promise<void>
}

type Heart = {
  readonly store: Store
  readonly metrics: Metrics
  readonly statistics: Statistics
  readonly audit: Audit
  readonly limits: Limits
  readonly history: History
  readonly delivery: Delivery
  readonly registrar: Registrar
}
type Fronts = { readonly http: Http; readonly mqtt: Mqtt; readonly admin: Admin | undefined }

/** What only becomes known, or true, while starting. */
type Start = {
  readonly url: string
  isDone: boolean
  readonly settings: ReturnType<typeof httpSettings>
  readonly doors: Doors
}

/**
 * Composition root: builds every room, wires them, starts them, and stops them in reverse order.
 *
 * @throws ConfigurationError for a configuration that cannot be used; another Error when something is missing
 */
export async function startServer(given: Configuration, around: Surroundings): Promise<RunningServer> {
  const isDemo = usesDemoDirectory(given)
  const linksMax = linksWithin(given.linksMax, systemDescriptors, around.log)
  const configuration = { ...(isDemo ? withDemoOrigins(given) : given), linksMax }
  if (isDemo) assertLoopback(configuration.host)
  const closers = new Closers()
  try {
    const files = certificateFiles(configuration)
    const certificate = files && (await readCertificate(files))
    const pages = findPages(around.pageFolders, { console: configuration.console, isDemo }, around.log)
    const settings = httpSettings(configuration, certificate, pages)
    // Before the store is read, which may take seconds.
    const doors = await openDoors(configuration, settings, around, closers)
    const start: Start = { url: configuration.publicUrl ?? doors.url, isDone: false, settings, doors }
    const identity: { auth?: Auth } = {}
    const organizationOf = (id: string) => {
      if (identity.auth === undefined) throw new Error('nothing is sent before anybody can be known')
      return identity.auth.organizations().get(id)
    }
    const heart = await buildHeart(configuration, around, closers, organizationOf)
    const auth = await createAuth({
      ...configuration,
      ...around,
      store: heart.store,
      revocations: configuration,
      issuer: () => start.url,
      admission: heart.limits.signIn,
      witness: tokenWitness({ ...heart, ...around }),
    })
    identity.auth = auth
    closers.add(() => auth.close())
    const webhooks = createWebhooks({ ...around, ...heart, auth, settings: configuration })
    closers.add(() => webhooks.close())
    const fronts = await buildFronts(configuration, around, { ...heart, auth, webhooks }, start, closers)
    const urls = await open(configuration, around, heart, fronts, start, closers, files)
    return {
      ...{ ...urls, usesDemoDirectory: isDemo, pages },
      reloadDirectory: () => auth.reloadDirectory(),
      reopenAudit: () => heart.audit.reopen(),
      close: () => closers.close(),
    }
  } catch (error) {
    await closers.close()
    throw error
  }
}

/** Store, registrar and delivery: what works without a network. */
async function buildHeart(
  configuration: Configuration,
  around: Surroundings,
  closers: Closers,
  organizationOf: DeliveryOptions['organizationOf'],
): Promise<Heart> {
  const { dataDir, sealingKey: keyFromConfig } = configuration
  const { clock, random, log } = around
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  await assertOwnFolder(dataDir)
  const metrics = createMetrics()
  const audit = createAudit({ ...around, metrics, file: configuration.auditFile })
  closers.add(() => audit.close())
  const onJump = (byMs: number): void => {
    metrics.wallJumped()
    log.warn('the wall clock jumped', { bySeconds: Math.round(byMs / 1000) })
  }
  closers.add(watchWallJumps(clock, onJump))
  const statistics = new Statistics(clock.wallMs())
  const newId = uuidMaker(clock, random)
  const historyBounds = {
    ageMsMax: configuration.historyDays * 86_400_000,
    bytesMax: configuration.historyBytesMax,
  }
  const onMailboxEnded: OnMailboxEnded = (organizationId, entries) => {
    const { qos1 } = statistics.of(organizationId)
    qos1.discarded += entries
    qos1.registrationEnded += entries
  }
  const limits = createLimits({ settings: configuration, clock })
  const { openStore = openFolderStore } = around
  const store = await openStore({
    ...{ dataDir, clock, log, historyBounds, onMailboxEnded },
    keptBeside: SEALING_KEY_FILE,
    feedBounds: feedBounds(configuration.webhookFeedEventsMax, configuration.webhookFeedTotalEventsMax),
    onLost: (error) => around.onStoreLost?.(error),
    bookBounds: configuration,
    isOverloaded: () => limits.shedding.level === 'overloaded',
  })
  closers.add(() => store.close())
  // After the store: a key beside no store says that one was lost.
  const sealer = createSealer(await loadSealingKey({ dataDir, keyFromConfig, random }), random)
  const common = { store, clock, newId, metrics, statistics, log, limits: configuration }
  const { maskLength } = configuration
  const delivery = createDelivery({ ...common, sealer, maskLength, quotas: limits, organizationOf })
  const registrar = createRegistrar({
    ...common,
    isLinked:
      configuration.endpointsFull === 'evict'
        ? (registrationId) => delivery.isConnected({ registrationId })
        : undefined,
    onRegistered: (registration) => delivery.endpointRegistered(registration),
    onReminderDue: (registration) => delivery.remind(registration),
    onExpired: (registration) => delivery.endpointGone(registration, 'expired'),
    onUnregistered: (registration) => delivery.endpointGone(registration, 'unregistered'),
  })
  closers.add(() => registrar.close())
  closers.add(() => delivery.close())
  return { store, metrics, statistics, audit, limits, history: createHistory({ store }), delivery, registrar }
}

function httpSettings(configuration: Configuration, tls: Certificate | undefined, pages: readonly Page[]) {
  return {
    ...configuration,
    ...placesOf(configuration).main,
    ...{ tls, pages },
    logRequests: configuration.logLevel === 'debug' || configuration.logLevel === 'trace',
    backendsShowCertificate: tls?.requestCert === true,
    isHostAllowed: usesDemoDirectory(configuration) ? isLoopbackHost : undefined,
  }
}

async function buildFronts(
  configuration: Configuration,
  around: Surroundings,
  rooms: Heart & { readonly auth: Auth; readonly webhooks: Webhooks },
  start: Start,
  closers: Closers,
): Promise<Fronts> {
  const { store, metrics } = rooms
  const { settings, doors } = start
  const { backendsShowCertificate, isHostAllowed } = settings
  const mqtt = createMqtt({
    ...{ ...around, ...rooms, ...rooms.limits },
    settings: { ...configuration, backendsShowCertificate, isHostAllowed },
  })
  rooms.auth.onRevoked((isConcerned) => mqtt.review(isConcerned))
  const notReadyBecause = (): string | undefined => {
    if (!start.isDone) return 'starting'
    if (store.failure() !== undefined) return 'store_unwritable'
    return store.warnings().find((warning) => warning !== 'disk_low')
  }
  const warnings = (): readonly string[] =>
    rooms.limits.shedding.level === 'overloaded' ? [...store.warnings(), 'overloaded'] : store.warnings()
  const services = { ...around, ...rooms, readiness: { notReadyBecause, warnings } }
  const http = await createHttp({ ...services, settings, door: doors.http })
  const admin = await buildAdmin(configuration, http, services, settings, doors.admin, closers)
  closers.add(() => http.close())
  // First: the HTTP server would wait for the WebSockets that came by it.
  closers.add(() => mqtt.close())
  closers.add(() => mqtt.drain(configuration.drainSeconds))
  closers.add(() => http.drain())
  closers.add(() => rooms.delivery.drain())
  http.onWebSocket(mqtt.handleUpgrade)
  metrics.observe({
    registrations: () => store.totals().registrations,
    links: () => mqtt.linkCount(),
    mailboxEvents: () => store.totals().mailboxEvents,
    mailboxBytes: () => store.totals().mailboxBytes,
    mailboxDiskBytes: () => store.mailboxes.diskBytes(),
    mailboxDiskBytesMax: () => configuration.mailboxTotalBytesMax,
    historyBytes: () => store.history.bytes(),
    storeWritable: () => store.failure() === undefined,
    storeWarnings: () => store.warnings(),
    feed: () => store.feed.totals(),
  })
  metrics.observeSharing(sharingOf(rooms.limits))
  return { http, mqtt, admin }
}

/** Listens, and starts the sweeper once people can be heard. Returns where. */
async function open(
  configuration: Configuration,
  around: Surroundings,
  { registrar, delivery, metrics, limits }: Heart,
  { http, mqtt, admin }: Fronts,
  start: Start,
  closers: Closers,
  files: CertificateFiles | undefined,
): Promise<Pick<RunningServer, 'url' | 'docsUrl'>> {
  const url = await http.listen(configuration.host, configuration.port)
  const adminUrl = await admin?.listen(configuration.adminHost, configuration.adminPort)
  const { tlsServers } = start.doors.mqtt
  start.doors.mqtt.handOver(mqtt)
  if (files !== undefined) {
    const renew = (certificate: Certificate): void => {
      http.setCertificate(certificate)
      admin?.setCertificate(certificate)
      for (const server of tlsServers) server.setSecureContext(certificate)
    }
    closers.add(watchCertificate(files, around, renew))
  }
  closers.add(watchLoad({ ...around, ...limits }))
  closers.add(watchDescriptors({ ...around, metrics, descriptors: systemDescriptors }))
  registrar.start()
  delivery.start()
  start.isDone = true
  around.log.info('listening', { url, issuer: start.url, ...(adminUrl === undefined ? {} : { adminUrl }) })
  return { url, docsUrl: configuration.docs ? `${adminUrl ?? url}/docs` : undefined }
}
