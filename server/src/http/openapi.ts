import { KEEP_ALIVE_SECONDS_MAX, TOKEN_BYTES_MAX } from '@rollcall/protocol/limits'
import { buildApp } from './app.ts'
import type { HttpServices } from './services.ts'
import type { HttpSettings } from './settings.ts'

/** The OpenAPI 3.1 document of a server with the default settings: the same bytes on every machine. */
export async function buildOpenApi(): Promise<object> {
  const app = await buildApp(UNUSED_SERVICES, DEFAULTS)
  try {
    await app.ready()
    return app.swagger()
  } finally {
    await app.close()
  }
}

const DEFAULTS: HttpSettings = {
  allowedOrigins: { patterns: [], isEverybody: false, has: () => false },
  trustedProxies: [],
  tokenBytesMax: TOKEN_BYTES_MAX,
  httpIdleSeconds: 1,
  keepAliveSecondsMax: KEEP_ALIVE_SECONDS_MAX,
  iceServerUrls: [],
  turnUrls: [],
  turnSecret: undefined,
  turnTtlSeconds: 0,
  metricsToken: undefined,
  ackTimeoutSeconds: 0,
  tls: undefined,
  pages: [],
  logRequests: false,
}

function unused(): never {
  throw new Error('this server only describes itself')
}

const UNUSED_SERVICES: HttpServices = {
  auth: {
    authenticate: unused,
    isStillGood: unused,
    revocations: unused,
    token: unused,
    revoke: unused,
    revokeUser: unused,
    jwks: unused,
    metadata: unused,
    oidc: { providers: unused, authorize: unused, token: unused, revoke: unused },
    directory: {
      isWritable: false,
      requireWritable: unused,
      list: unused,
      authorities: unused,
      find: unused,
      add: unused,
      change: unused,
      remove: unused,
      rotateSecret: unused,
      removeFormerSecret: unused,
    },
    organizations: unused,
    mayBeOrganization: unused,
    namedByIssuers: unused,
  },
  registrar: {
    register: unused,
    keepalive: unused,
    unregister: unused,
    unregisterAll: unused,
    find: unused,
    look: unused,
    lastSeenWallMs: unused,
    count: unused,
    users: unused,
    organizations: unused,
  },
  history: { find: unused, list: unused, held: unused },
  erasure: { erase: unused },
  notices: { read: unused },
  nodes: { read: unused, nameOf: unused },
  charts: { day: unused },
  webhooks: {
    list: unused,
    count: unused,
    concerning: unused,
    deadLetters: unused,
    replay: unused,
    removeDeadLetters: unused,
    attempts: unused,
    test: unused,
  },
  delivery: {
    sendEvent: unused,
    sendEvents: unused,
    sendEventAndWait: unused,
    answer: unused,
    previewMasks: unused,
    census: unused,
    attach: unused,
    acknowledge: unused,
  },
  limits: {
    register: unused,
    get work() {
      return unused()
    },
    get ledger() {
      return unused()
    },
    get turns() {
      return unused()
    },
    get shedding() {
      return unused()
    },
  },
  wakeUps: { accept: unused, vapidPublicKey: undefined, webhookIds: unused },
  takeOvers: { isHeld: unused, note: unused },
  tags: { tag: unused, isTag: unused },
  audit: { record: unused },
  auditLines: { read: unused },
  metrics: { refused: unused, render: unused, linkClosed: unused },
  figures: { read: unused, connected: unused },
  readiness: { notReadyBecause: unused },
  log: { error: unused, warn: unused, debug: unused },
  clock: { wallMs: unused, monotonicMs: unused, after: unused, every: unused, sleep: unused },
  random: { bytes: (size) => Buffer.alloc(size) },
}
