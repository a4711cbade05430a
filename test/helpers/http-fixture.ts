import { once } from 'node:events'
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { NO_AUDIT } from '../../server/src/audit/audit.ts'
import type { Principal, TokenRequest } from '../../server/src/auth/auth.ts'
import { allowOrigins } from '../../server/src/config/config.ts'
import type {
  AnswerCommand,
  BulkItem,
  LinkPeer,
  ReceiptWait,
  SendEventCommand,
  SendResult,
} from '../../server/src/delivery/delivery.ts'
import { createHistory } from '../../server/src/history/history.ts'
import { createHttp, type Http, type HttpOptions, type HttpSettings } from '../../server/src/http/http.ts'
import { createLog, Statistics } from '../../server/src/observe/observe.ts'
import { createMemoryStore } from '../../server/src/store/memory/memory.ts'
import type { EndpointKey, Registration, UserKey } from '../../server/src/store/store.ts'
import { createFakeClock, type FakeClock, seededRandom } from './fake-clock.ts'
import { PEER } from './link-peer.ts'
import { noLimits } from './no-limits.ts'
import { noWebhooks } from './no-webhooks.ts'

const HOUR_MS = 3_600_000

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
  tls: undefined,
  pages: [],
  logRequests: false,
}

/** What was revoked: tokens, and users as `organization/user`. */
export type Revocations = { count: number; readonly revoked: Set<string> }

/** An HTTP front before fakes, and what the fakes were asked. */
export type HttpFixture = {
  readonly http: Http
  readonly clock: FakeClock
  readonly registrar: FakeRegistrar
  readonly delivery: FakeDelivery
  readonly oauth: TokenRequest[]
  readonly revocations: Revocations
  readonly statistics: Statistics
  /** Codes of all refusals. */
  readonly refused: string[]
  /** Every line that was logged, at the most talkative level. */
  readonly logged: string[]
  /** Listens on any loopback port; closed at the end of the test. */
  listen(): Promise<string>
}

export type Overrides = { readonly settings?: Partial<HttpSettings> } & Partial<Omit<HttpOptions, 'settings'>>

export async function openHttp(test: TestContext, overrides: Overrides = {}): Promise<HttpFixture> {
  const clock = createFakeClock()
  const registrar = new FakeRegistrar(clock)
  const delivery = new FakeDelivery()
  const statistics = new Statistics(clock.wallMs())
  const oauth: TokenRequest[] = []
  const revocations: Revocations = { count: 0, revoked: new Set() }
  const refused: string[] = []
  const logged: string[] = []
  const http = await createHttp({
    auth: fakeAuth(clock, oauth, revocations),
    registrar,
    delivery,
    history: createHistory({ store: createMemoryStore({ clock: createFakeClock() }) }),
    audit: NO_AUDIT,
    webhooks: noWebhooks(),
    limits: noLimits(),
    metrics: {
      refused: (_front, code) => void refused.push(code),
      render: async () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', body: 'up 1\n' }),
    },
    statistics,
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
    registrar,
    delivery,
    statistics,
    oauth,
    revocations,
    refused,
    logged,
    listen: () => http.listen('127.0.0.1', 0),
  }
}

/** `alice`, `bob` and `backend` of acme, and `service` of role SERVICE are their own tokens; `fault` is a fault. */
function fakeAuth(clock: FakeClock, requests: TokenRequest[], revocations: Revocations): HttpOptions['auth'] {
  const known = new Set(['alice', 'bob', 'backend', 'service'])
  const principalOf = (token: string): Principal => {
    if (token === 'fault') throw new Error(`could not look up ${token}`)
    if (!known.has(token)) throw new RollcallError('unauthorized')
    const isService = token === 'service'
    return {
      organizationId: isService ? null : 'acme',
      userId: token,
      clientId: token === 'backend' ? token : 'customer',
      isClient: token === 'backend' || isService,
      authorities: [isService ? 'ROLE_SERVICE' : 'ROLE_USER'],
      isService,
      expiresAtWallMs: clock.wallMs() + HOUR_MS,
    }
  }
  return {
    // As the real one: `new-` stands for a token that was not verified before.
    authenticate(token, beforeCheck) {
      if (!token.startsWith('new-')) return principalOf(token)
      beforeCheck?.()
      return (async () => principalOf(token.slice(4)))()
    },
    isStillGood: (token) => known.has(token) && !revocations.revoked.has(token),
    revocations: () => revocations.count,
    async revokeUser({ organizationId, userId }) {
      revocations.count++
      revocations.revoked.add(`${organizationId}/${userId}`)
    },
    async token(request) {
      requests.push(request)
      return {
        access_token: 'A',
        token_type: 'bearer',
        expires_in: 3_600,
        scope: 'rtc',
        jti: 'J',
        sub: 'alice',
        userId: 'alice',
      }
    },
    revoke: async (request) => void requests.push(request),
    jwks: () => ({ keys: [{ kty: 'RSA', kid: 'k1' }] }),
    metadata: () => ({ issuer: 'http://127.0.0.1' }),
  }
}

/** Registrations without a store; `failure` makes everything fail. */
export class FakeRegistrar {
  readonly #clock: FakeClock
  readonly #registrations = new Map<string, Registration>()
  failure: Error | undefined
  /** `exp` of the token of each register and keepalive. */
  readonly authorizedUntil: (number | undefined)[] = []
  readonly wanted: unknown[] = []

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  async register(
    user: UserKey,
    wanted: Parameters<HttpOptions['registrar']['register']>[1],
    authorizedUntilWallMs: number,
  ): Promise<Registration> {
    this.#failOrGo()
    this.wanted.push(wanted)
    this.authorizedUntil.push(authorizedUntilWallMs)
    const nowMs = this.#clock.wallMs()
    const registration: Registration = {
      ...user,
      userEndpointId: wanted.userEndpointId ?? `made-${this.#registrations.size + 1}`,
      registrationId: this.#registrations.size + 1,
      keepAliveSeconds: wanted.keepAliveSeconds,
      serverKeepAliveReminderOn: wanted.serverKeepAliveReminderOn,
      registeredAtWallMs: nowMs,
      lastKeepAliveAtWallMs: nowMs,
      expiresAtMs: nowMs + wanted.keepAliveSeconds * 1_000,
      reminded: false,
      authorizedUntilWallMs,
    }
    this.#registrations.set(keyOf(registration), registration)
    return registration
  }

  async keepalive(endpoint: EndpointKey, authorizedUntilWallMs: number | undefined): Promise<Registration> {
    this.authorizedUntil.push(authorizedUntilWallMs)
    return this.#get(endpoint)
  }

  async unregister(endpoint: EndpointKey): Promise<void> {
    this.#get(endpoint)
    this.#registrations.delete(keyOf(endpoint))
  }

  async find(endpoint: EndpointKey): Promise<Registration | undefined> {
    this.#failOrGo()
    return this.#registrations.get(keyOf(endpoint))
  }

  async list({ organizationId, userId }: UserKey): Promise<readonly Registration[]> {
    this.#failOrGo()
    return [...this.#registrations.values()].filter(
      (registration) => registration.organizationId === organizationId && registration.userId === userId,
    )
  }

  async unregisterAll(user: UserKey): Promise<void> {
    for (const registration of await this.list(user)) this.#registrations.delete(keyOf(registration))
  }

  async lastSeenWallMs(user: UserKey): Promise<number | undefined> {
    const times = (await this.list(user)).map(({ lastKeepAliveAtWallMs }) => lastKeepAliveAtWallMs)
    return times.length === 0 ? undefined : Math.max(...times)
  }

  count(organizationId?: string): number {
    const all = [...this.#registrations.values()]
    return all.filter((one) => organizationId === undefined || one.organizationId === organizationId).length
  }

  expiresAtWallMs({ expiresAtMs }: Registration): number {
    return expiresAtMs
  }

  #get(endpoint: EndpointKey): Registration {
    this.#failOrGo()
    const found = this.#registrations.get(keyOf(endpoint))
    if (found === undefined) throw new RollcallError('endpoint_unknown')
    return found
  }

  #failOrGo(): void {
    if (this.failure !== undefined) throw this.failure
  }
}

function keyOf({ organizationId, userId, userEndpointId }: EndpointKey): string {
  return JSON.stringify([organizationId, userId, userEndpointId])
}

/** Keeps what it was told to send; `failure` makes it fail. */
export class FakeDelivery {
  readonly sent: { readonly caller: string; readonly command: SendEventCommand; readonly key?: string }[] = []
  failure: Error | undefined
  count = 1

  async sendEvent(
    caller: Principal,
    command: SendEventCommand,
    key?: string,
  ): Promise<{ count: number; eventId: string }> {
    if (this.failure !== undefined) throw this.failure
    this.sent.push({ caller: caller.userId, command, ...(key === undefined ? {} : { key }) })
    return { count: this.count, eventId: command.event.id ?? '0190d9b2-6a8e-7cc1-9d0f-3a1f0c5b7e42' }
  }

  /** Seconds of each request that waited, and what their senders learn. */
  readonly waits: number[] = []
  receipts: SendResult['receipts']
  /** Resolves once whoever waits is to be answered; where it is not set, at once. */
  answerAt: ((gone: AbortSignal) => Promise<void>) | undefined

  async sendEventAndWait(
    caller: Principal,
    command: SendEventCommand,
    key: string | undefined,
    { waitMs, gone }: ReceiptWait,
  ): Promise<SendResult> {
    const result = await this.sendEvent(caller, command, key)
    this.waits.push(waitMs / 1000)
    await this.answerAt?.(gone)
    return this.receipts === undefined ? result : { ...result, receipts: this.receipts }
  }

  sendEvents(caller: Principal, group: readonly BulkItem[]): Promise<PromiseSettledResult<SendResult>[]> {
    return Promise.allSettled(
      group.map((item) =>
        item instanceof RollcallError ? Promise.reject(item) : this.sendEvent(caller, item),
      ),
    )
  }

  readonly answers: { readonly user: UserKey; readonly command: AnswerCommand }[] = []

  async answer(user: UserKey, command: AnswerCommand): Promise<void> {
    if (this.failure !== undefined) throw this.failure
    this.answers.push({ user, command })
  }

  previewMasks(): Buffer {
    throw new Error('tested with the real delivery')
  }

  mailboxDepth({ userEndpointId }: Registration): number {
    return userEndpointId.length
  }

  /** Of each organization. */
  readonly links = new Map<string | undefined, number>()

  census(organizationId: string | undefined): {
    connected: number
    mailboxEvents: number
    mailboxBytes: number
  } {
    const connected = this.links.get(organizationId) ?? 0
    return { connected, mailboxEvents: connected * 2, mailboxBytes: connected * 3 }
  }

  isConnected({ userEndpointId }: Registration): boolean {
    return userEndpointId === 'connected'
  }

  /** Of the connected one. */
  peer = PEER

  peerOf(registration: Registration): LinkPeer | undefined {
    return this.isConnected(registration) ? this.peer : undefined
  }
}

export type Answer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string }

/** Sends exactly these headers, besides `Host` and what frames the body, and `alice`'s token where none is given. */
export async function ask(
  url: string,
  line: string,
  { body, headers = {} }: { body?: string | Buffer; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const [method, path] = line.split(' ')
  const outgoing = request(url + path, {
    method,
    agent: false,
    headers: { authorization: 'Bearer alice', ...headers },
  })
  outgoing.end(body)
  const [incoming]: IncomingMessage[] = await once(outgoing, 'response')
  if (incoming === undefined) throw new Error('no response')
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk)
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    text: Buffer.concat(chunks).toString('utf8'),
  }
}

/** A POST of JSON. */
export function post(
  url: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return ask(url, `POST ${path}`, { body: text, headers: { 'content-type': 'application/json', ...headers } })
}

/** A bare connection; destroyed at the end of the test. */
export async function dial(test: TestContext, url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  // A reset is one way of being closed.
  socket.on('error', () => undefined)
  test.after(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** Everything that comes until the server closes. */
export async function readToEnd(socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  // Not `once`, which takes a reset for a failure.
  if (!socket.destroyed) await new Promise((resolve) => socket.once('close', resolve))
  return Buffer.concat(chunks).toString('utf8')
}
