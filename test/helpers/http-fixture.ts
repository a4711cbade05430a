import type { TestContext } from 'node:test'
import { NO_AUDIT } from '../../server/src/audit/audit.ts'
import type { TokenRequest } from '../../server/src/auth/auth.ts'
import { createLocalCluster } from '../../server/src/cluster/local/local.ts'
import { allowOrigins } from '../../server/src/config/config.ts'
import { TakeOvers } from '../../server/src/delivery/delivery.ts'
import { createHistory } from '../../server/src/history/history.ts'
import { createHttp, type Http, type HttpOptions, type HttpSettings } from '../../server/src/http/http.ts'
import { createSealer } from '../../server/src/masks/masks.ts'
import { createLog, Statistics } from '../../server/src/observe/observe.ts'
import { createServiceFigures } from '../../server/src/service-figures.ts'
import { createMemoryStore } from '../../server/src/store/memory/memory.ts'
import { fakeAuth, type Revocations } from './fake-auth.ts'
import { createFakeClock, type FakeClock, seededRandom } from './fake-clock.ts'
import { FakeDelivery } from './fake-delivery.ts'
import { FakeRegistrar } from './fake-registrar.ts'
import { noCharts } from './no-charts.ts'
import { noLimits } from './no-limits.ts'
import { NO_NODES } from './no-nodes.ts'
import { NO_WAKE_UPS, noWebhooks } from './no-webhooks.ts'

const SETTINGS: HttpSettings = {
  allowedOrigins: allowOrigins([]),
  trustedProxies: [],
  httpIdleSeconds: 620,
  tokenBytesMax: 16_384,
  keepAliveSecondsMax: 86_400,
  iceServerUrls: [],
  turnUrls: [],
  turnSecret: undefined,
  turnTtlSeconds: 3_600,
  metricsToken: undefined,
  ackTimeoutSeconds: 60,
  tls: undefined,
  pages: [],
  logRequests: false,
}

/** An HTTP front before fakes, and what the fakes were asked. */
export type HttpFixture = {
  readonly http: Http
  readonly clock: FakeClock
  /** Whose `authenticate` may be replaced. */
  readonly auth: { authenticate: HttpOptions['auth']['authenticate'] }
  readonly registrar: FakeRegistrar
  readonly delivery: FakeDelivery
  readonly oauth: TokenRequest[]
  readonly revocations: Revocations
  readonly statistics: Statistics
  /** Codes of all refusals. */
  readonly refused: string[]
  /** Every line that was logged, at the most talkative level. */
  readonly logged: string[]
  /** Why each link that ended did. */
  readonly closedLinks: string[]
  /** Listens on any loopback port; closed at the end of the test. */
  listen(): Promise<string>
}

export type Overrides = { readonly settings?: Partial<HttpSettings> } & Partial<Omit<HttpOptions, 'settings'>>

export async function openHttp(test: TestContext, overrides: Overrides = {}): Promise<HttpFixture> {
  const clock = createFakeClock()
  const registrar = new FakeRegistrar(clock)
  const delivery = new FakeDelivery()
  registrar.isLinked = (userEndpointId) => delivery.attached.has(userEndpointId)
  const limits = overrides.limits ?? noLimits()
  const statistics = new Statistics(clock.wallMs())
  const oauth: TokenRequest[] = []
  const revocations: Revocations = { count: 0, revoked: new Set() }
  const refused: string[] = []
  const logged: string[] = []
  const closedLinks: string[] = []
  const auth = fakeAuth(clock, oauth, revocations)
  const kept = createMemoryStore({ clock: createFakeClock() })
  const http = await createHttp({
    auth,
    registrar,
    delivery,
    history: createHistory({ store: kept }),
    audit: NO_AUDIT,
    wakeUps: NO_WAKE_UPS,
    takeOvers: new TakeOvers(clock, { warn: () => undefined }),
    tags: createSealer(Buffer.alloc(32, 7), seededRandom('tags')),
    auditLines: kept.audit,
    erasure: kept.erasure,
    notices: { read: async () => [] },
    nodes: NO_NODES,
    webhooks: noWebhooks(),
    limits,
    metrics: {
      refused: (_front, code) => void refused.push(code),
      linkClosed: (reason) => void closedLinks.push(reason),
      render: async () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', body: 'up 1\n' }),
    },
    figures: createServiceFigures({ cluster: createLocalCluster('here'), delivery, statistics, limits }),
    charts: noCharts(),
    readiness: { notReadyBecause: () => undefined },
    log: createLog('trace', { write: (line) => void logged.push(line) }),
    clock,
    random: seededRandom(1),
    ...overrides,
    settings: { ...SETTINGS, ...overrides.settings },
  })
  test.after(async () => {
    http.server.closeAllConnections()
    await http.close()
  })
  return {
    http,
    clock,
    auth,
    registrar,
    delivery,
    statistics,
    oauth,
    revocations,
    refused,
    logged,
    closedLinks,
    listen: () => http.listen('127.0.0.1', 0),
  }
}
