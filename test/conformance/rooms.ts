import { createServer } from 'node:net'
import { RollcallError } from '@rollcall/protocol/error-code'
import { NO_AUDIT } from '../../server/src/audit/audit.ts'
import type { Auth, Principal } from '../../server/src/auth/auth.ts'
import { type Clock, type Random, systemClock, uuidMaker } from '../../server/src/clock/clock.ts'
import { createLocalCluster } from '../../server/src/cluster/local/local.ts'
import { allowOrigins } from '../../server/src/config/config.ts'
import { createDelivery, type Delivery, TakeOvers } from '../../server/src/delivery/delivery.ts'
import { createHistory } from '../../server/src/history/history.ts'
import { createHttp } from '../../server/src/http/http.ts'
import { createSealer, type MaskLength } from '../../server/src/masks/masks.ts'
import { createMqtt } from '../../server/src/mqtt/mqtt.ts'
import { createLog, createMetrics, Statistics } from '../../server/src/observe/observe.ts'
import { createRegistrar, type Registrar } from '../../server/src/registrar/registrar.ts'
import { createServiceFigures } from '../../server/src/service-figures.ts'
import { createMemoryStore } from '../../server/src/store/memory/memory.ts'
import { seededRandom } from '../helpers/fake-clock.ts'
import { noCharts } from '../helpers/no-charts.ts'
import { noDirectory } from '../helpers/no-directory.ts'
import { noLimits } from '../helpers/no-limits.ts'
import { NO_NODES } from '../helpers/no-nodes.ts'
import { noProvider } from '../helpers/no-provider.ts'
import { NO_WAKE_UPS, noWebhooks } from '../helpers/no-webhooks.ts'

/** The server's rooms wired as `server.ts` does, on a store in memory, for a caller who is already known. */
export type Rooms = {
  readonly registrar: Registrar
  readonly delivery: Delivery
  /** Base URL of the HTTP front. */
  readonly url: string
  /** Port of MQTT over TCP. */
  readonly mqttPort: number
  close(): Promise<void>
}

export type Caller = {
  readonly organizationId: string
  readonly userId: string
  readonly token: string
  /** What the first two random bytes of the MQTT front hold: the packet id before the first. */
  readonly packetIdSeed?: number
  /** Whether it signed in with client credentials. */
  readonly isBackend?: boolean
}

export async function openRooms(caller: Caller, maskLength: MaskLength = 'kept'): Promise<Rooms> {
  const clock = systemClock()
  const random = seededRandom('rooms')
  const store = createMemoryStore({ clock })
  const statistics = new Statistics(clock.wallMs())
  const metrics = createMetrics(statistics)
  const log = createLog('silent')
  const newId = uuidMaker(clock, random)
  const sealer = createSealer(Buffer.alloc(32), random)
  const delivery = createDelivery({
    store,
    sealer,
    maskLength,
    clock,
    newId,
    metrics,
    statistics,
    log,
    limits: { mailboxEventsMax: 1000, mailboxBytesMax: 4_194_304 },
    organizationOf: () => undefined,
    quotas: noLimits(),
  })
  const registrar = createRegistrar({
    store,
    clock,
    newId,
    statistics,
    log,
    limits: { keepAliveSecondsMax: 86_400, endpointsPerUserMax: 100 },
    mayEvict: true,
    onLapsed: (entries) => delivery.entriesLapsed(entries),
    onRegistered: (registration) => delivery.endpointRegistered(registration),
    onReminderDue: (registration) => delivery.remind(registration),
    onExpired: (registration) => delivery.endpointGone(registration, 'expired'),
    onUnregistered: (registration) => delivery.endpointGone(registration, 'unregistered'),
  })
  const auth = authFor(caller, clock)
  const limits = noLimits()
  const here = { clock, log, metrics, limits, wakeUps: NO_WAKE_UPS, tags: sealer }
  const around = { auth, takeOvers: new TakeOvers(clock, log), registrar, delivery, ...here }
  const history = createHistory({ store })
  const webhooks = noWebhooks()
  const http = await createHttp({
    ...around,
    audit: NO_AUDIT,
    history,
    webhooks,
    erasure: store.erasure,
    auditLines: store.audit,
    ...{ notices: { read: async () => [] }, nodes: NO_NODES },
    figures: createServiceFigures({ cluster: createLocalCluster('here'), delivery, statistics, limits }),
    charts: noCharts(),
    random,
    readiness: READY,
    settings: HTTP_SETTINGS,
  })
  const mqtt = createMqtt({
    ...around,
    ...around.limits,
    random: startingWith(caller.packetIdSeed ?? 0),
    settings: MQTT_SETTINGS,
  })
  const server = createServer()
  await mqtt.listen(server, '127.0.0.1', 0)
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    registrar,
    delivery,
    url: await http.listen('127.0.0.1', 0),
    mqttPort: address.port,
    async close() {
      await mqtt.close()
      await http.close()
      await store.close()
    },
  }
}

/** Knows one token. */
function authFor({ token, organizationId, userId, isBackend }: Caller, clock: Clock): Auth {
  const principal: Principal = {
    organizationId,
    userId,
    clientId: isBackend ? userId : 'customer',
    isClient: isBackend === true,
    authorities: ['ROLE_USER'],
    isService: false,
    expiresAtWallMs: clock.wallMs() + 3_600_000,
  }
  const authenticate = (given: string): Principal => {
    if (given === token) return principal
    throw new RollcallError('unauthorized')
  }
  return {
    authenticate,
    authenticateStale: async (given) => ({ principal: authenticate(given), expired: false }),
    isGone: () => false,
    isStillGood: (given) => given === token,
    kept: (given) => given,
    revokeUser: () => Promise.reject(new Error('not here')),
    onRevoked: () => undefined,
    revocations: () => 0,
    directory: noDirectory(),
    oidc: noProvider(),
    organizations: () => new Map(),
    mayBeOrganization: () => true,
    namedByIssuers: () => new Set(),
    onDirectoryReloaded: () => undefined,
    token: () => Promise.reject(new Error('not here')),
    revoke: () => Promise.reject(new Error('not here')),
    jwks: () => ({ keys: [] }),
    metadata: () => ({}),
    queues: () => new Map(),
    reloadDirectory: async () => undefined,
    close: async () => undefined,
  }
}

function startingWith(uint16: number): Random {
  return {
    bytes(size) {
      const bytes = Buffer.alloc(size)
      if (size >= 2) bytes.writeUInt16BE(uint16)
      return bytes
    },
  }
}

const READY = { notReadyBecause: () => undefined }

const HTTP_SETTINGS = {
  allowedOrigins: allowOrigins([]),
  trustedProxies: [],
  httpIdleSeconds: 620,
  tokenBytesMax: 16_384,
  keepAliveSecondsMax: 86_400,
  iceServerUrls: [],
  turnUrls: [],
  turnSecret: undefined,
  turnTtlSeconds: 86_400,
  metricsToken: undefined,
  ackTimeoutSeconds: 60,
  tls: undefined,
  pages: [],
  logRequests: false,
} as const

const MQTT_SETTINGS = {
  linksMax: 10,
  pendingLinksMax: 10,
  allowedOrigins: allowOrigins([]),
  publicUrl: undefined,
  ackTimeoutSeconds: 60,
  tokenBytesMax: 16_384,
}
