import { buildAdmin } from './admin-port.ts'
import type { Auth } from './auth/auth.ts'
import { type Charts, createCharts } from './charts/charts.ts'
import type { Clock, Random } from './clock/clock.ts'
import type { Closers } from './closers.ts'
import type { Cluster } from './cluster/cluster.ts'
import type { Configuration } from './config/config.ts'
import { type Delivery, TakeOvers } from './delivery/delivery.ts'
import type { Ground } from './ground.ts'
import { createHistory } from './history/history.ts'
import { type Admin, createHttp, type Door, type Http, type HttpSettings } from './http/http.ts'
import { sharingOf } from './load.ts'
import { createMqtt, type Mqtt } from './mqtt/mqtt.ts'
import { type Notices, watchNotices } from './notices.ts'
import type { Log, Metrics } from './observe/observe.ts'
import type { Readiness } from './readiness.ts'
import { RecentTroubles } from './recent-troubles.ts'
import type { Registrar } from './registrar/registrar.ts'
import { createServiceFigures } from './service-figures.ts'
import { createServiceNodes, type ServiceNodes } from './service-nodes.ts'
import { noticesOfAll } from './service-notices.ts'
import type { Store } from './store/store.ts'
import type { WakeUps, Webhooks } from './webhooks/webhooks.ts'

export type Fronts = {
  readonly http: Http
  readonly mqtt: Mqtt
  readonly admin: Admin | undefined
  readonly notices: Notices
}

export type FrontsOptions = {
  readonly configuration: Configuration
  readonly settings: HttpSettings
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly ground: Ground
  readonly cluster: Cluster
  readonly auth: Auth
  readonly registrar: Registrar
  readonly delivery: Delivery
  readonly webhooks: Webhooks
  readonly wakeUps: WakeUps
  readonly readiness: Readiness
  /** The ports, which listen already. */
  readonly doors: { readonly http: Door; readonly admin: Door | undefined }
  readonly closers: Closers
}

/** Builds what people and devices come by. Nobody is served yet. */
export async function buildFronts(options: FrontsOptions): Promise<Fronts> {
  const { configuration, settings, delivery, doors, closers } = options
  const takeOvers = new TakeOvers(options.clock, options.log, options.cluster)
  const mqtt = buildMqtt(options, takeOvers)
  const notices = noticesOf(options)
  const nodes = nodesOf(options)
  const services = { ...httpServices(options, notices, recordCharts(options)), nodes, takeOvers }
  const http = await createHttp({ ...services, settings, door: doors.http })
  const admin = await buildAdmin({ configuration, http, services, settings, door: doors.admin, closers })
  closers.add(() => http.close())
  // First: the HTTP server would wait for the WebSockets that came by it.
  closers.add(() => mqtt.close())
  closers.add(() => drainLinks({ mqtt, http }, configuration.drainSeconds))
  closers.add(() => http.drain())
  closers.add(() => delivery.drain())
  closers.add(async () => nodes.leave())
  http.onWebSocket(mqtt.handleUpgrade)
  options.auth.onRevoked(async (isConcerned) => {
    await Promise.all([mqtt.review(isConcerned), http.streams.review(isConcerned)])
  })
  observe(options, () => mqtt.linkCount() + http.streams.count)
  return { http, mqtt, admin, notices }
}

/** Of both kinds, at the same time. */
async function drainLinks({ mqtt, http }: Pick<Fronts, 'mqtt' | 'http'>, seconds: number): Promise<void> {
  await Promise.all([mqtt.drain(seconds), http.streams.drain(seconds)])
}

function buildMqtt(options: FrontsOptions, takeOvers: TakeOvers): Mqtt {
  const { configuration, settings, clock, random, log, ground, cluster, auth, registrar, delivery } = options
  const { backendsShowCertificate, isHostAllowed } = settings
  const { ledger, work, shedding } = ground.limits
  return createMqtt({
    ...{ auth, registrar, delivery, cluster, clock, random, log, ledger, work, shedding },
    metrics: ground.metrics,
    takeOvers,
    settings: {
      ...configuration,
      isHostAllowed,
      ...(backendsShowCertificate === undefined ? {} : { backendsShowCertificate }),
    },
  })
}

function noticesOf({ ground, auth, webhooks, clock, settings, closers }: FrontsOptions): Notices {
  const { store, limits, statistics } = ground
  const recent = new RecentTroubles(clock, statistics)
  closers.add(() => recent.close())
  const notices = watchNotices({ store, shedding: limits.shedding, webhooks, auth, recent, clock })
  if (settings.tls !== undefined) notices.setCertificate(settings.tls.cert)
  return notices
}

function nodesOf({ ground, cluster, delivery, clock }: FrontsOptions): ServiceNodes {
  const { store, statistics, standing } = ground
  return createServiceNodes({ cluster, view: standing.view, store, delivery, statistics, clock })
}

/** From here on what happens is written down once a minute. */
function recordCharts({ ground, registrar, delivery, clock, log, closers }: FrontsOptions): Charts {
  const { store, statistics } = ground
  const charts = createCharts({
    ...{ store: store.charts, statistics, clock, log },
    async organizations(max) {
      return (await store.users.organizations({ prefix: '', after: '', max })).organizationIds
    },
    async gauges(organizationId) {
      const whose = organizationId ?? undefined
      const { connected, mailboxEvents } = await delivery.census(whose)
      return { registrations: await registrar.count(whose), connected, mailboxEvents }
    },
  })
  closers.add(() => charts.close())
  return charts
}

function httpServices(
  { clock, random, log, ground, cluster, readiness, configuration, ...rooms }: FrontsOptions,
  notices: Notices,
  charts: Charts,
) {
  const { store, sealer: tags, metrics, statistics, audit, limits } = ground
  const { auth, registrar, delivery, webhooks, wakeUps } = rooms
  const history = createHistory({ store, bytesMax: configuration.historyBytesMax })
  return {
    ...{
      auth,
      registrar,
      delivery,
      webhooks,
      wakeUps,
      history,
      erasure: store.erasure,
      auditLines: store.audit,
      notices: noticesOfAll(cluster, notices),
      charts,
    },
    figures: createServiceFigures({ cluster, delivery, statistics, limits }),
    ...{ tags, metrics, audit, limits, readiness, clock, random, log },
  }
}

/** What the metrics ask for when they are read. */
function observe({ ground, configuration, auth, registrar }: FrontsOptions, links: () => number): void {
  const { store, metrics, limits, standing } = ground
  metrics.observe(async () => ({
    ...(await figuresOf(store).catch(() => UNKNOWN)),
    links: links(),
    nodes: standing.nodeCount(),
    mailboxDiskBytes: store.gauges.mailboxDiskBytes(),
    mailboxDiskBytesMax: configuration.mailboxTotalBytesMax,
    feedDropped: store.gauges.evicted().feedEvents,
    isStoreWritable: store.failure() === undefined,
    storeWarnings: store.warnings(),
  }))
  const others = () => new Map([...auth.queues(), ['registrations', registrar.share()] as const])
  metrics.observeSharing(sharingOf(limits, () => evictedOf(store, metrics), others))
}

/** A store that cannot be asked leaves these out of the metrics, and nothing else. */
const UNKNOWN = {
  ...{ registrations: Number.NaN, mailboxEvents: Number.NaN, mailboxBytes: Number.NaN },
  ...{ feedEvents: Number.NaN, feedBytes: Number.NaN, deadLetters: Number.NaN, historyBytes: Number.NaN },
}

async function figuresOf({ feed, history, totals }: Store): Promise<typeof UNKNOWN> {
  const [all, historyBytes, { entries, bytes, deadLetters }] = await Promise.all([
    totals(),
    history.bytes(),
    feed.totals(),
  ])
  return { ...all, historyBytes, feedEvents: entries, feedBytes: bytes, deadLetters }
}

/** What was dropped of those who had the most. */
function evictedOf(
  { gauges }: Pick<Store, 'gauges'>,
  metrics: Pick<Metrics, 'mergedRevocations'>,
): ReadonlyMap<string, number> {
  const { idempotencyKeys, feedEvents, historyBytes, signIns, lastSeen } = gauges.evicted()
  return new Map([
    ['idempotencyKeys', idempotencyKeys],
    ['revocations', metrics.mergedRevocations()],
    ['feedEvents', feedEvents],
    ['historyBytes', historyBytes],
    ['signIns', signIns],
    ['lastSeen', lastSeen],
  ])
}
