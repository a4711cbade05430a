import { once } from 'node:events'
import { createServer, type Server as HttpServer } from 'node:http'
import { createServer as createTcpServer, type Server } from 'node:net'
import type { TestContext } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import type { Principal } from '../../server/src/auth/auth.ts'
import type { Cluster } from '../../server/src/cluster/cluster.ts'
import { allowOrigins } from '../../server/src/config/config.ts'
import {
  type AnswerCommand,
  type Attachment,
  type Link,
  type SendEventCommand,
  type SendResult,
  TakeOvers,
} from '../../server/src/delivery/delivery.ts'
import type { LimitSettings } from '../../server/src/limits/limits.ts'
import { createMqtt, type Mqtt, type MqttOptions, type MqttSettings } from '../../server/src/mqtt/mqtt.ts'
import { createLog } from '../../server/src/observe/observe.ts'
import type {
  Addressee,
  EndpointKey,
  LinkHandle,
  Registration,
  Sighting,
  UserKey,
} from '../../server/src/store/store.ts'
import { createFakeClock, type FakeClock, seededRandom } from './fake-clock.ts'
import { noLimits } from './no-limits.ts'

const HOUR_MS = 3_600_000

/** Tokens as the fake knows them: by their text, which only has to look like one. */
export class FakeAuth {
  readonly #clock: FakeClock
  readonly #principals = new Map<string, Principal>()
  readonly revoked = new Set<string>()

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  /** Makes a token; it expires after `ttlMs`, which may be negative. */
  add(
    token: string,
    userId: string,
    { ttlMs = HOUR_MS, organizationId = 'acme' as string | null, clientId = 'customer' } = {},
  ): string {
    const expiresAtWallMs = this.#clock.wallMs() + ttlMs
    const isService = organizationId === null
    this.#principals.set(token, {
      organizationId,
      userId,
      clientId,
      isClient: clientId === userId,
      authorities: [isService ? 'ROLE_SERVICE' : 'ROLE_USER'],
      isService,
      expiresAtWallMs,
    })
    return token
  }

  authenticate(token: string): Principal {
    const principal = this.#find(token)
    if (this.#clock.wallMs() >= principal.expiresAtWallMs) throw new RollcallError('unauthorized')
    return principal
  }

  async authenticateStale(token: string): Promise<{ principal: Principal; expired: boolean }> {
    const principal = this.#find(token)
    return { principal, expired: this.#clock.wallMs() >= principal.expiresAtWallMs }
  }

  kept(token: string): string {
    return token
  }

  isStillGood(token: string): boolean {
    return this.#principals.has(token) && !this.revoked.has(token)
  }

  #find(token: string): Principal {
    const principal = this.#principals.get(token)
    if (principal === undefined || this.revoked.has(token)) throw new RollcallError('unauthorized')
    return principal
  }
}

/** Registrations without a store; `failure` makes every look-up fail. */
export class FakeRegistrar {
  readonly #clock: FakeClock
  readonly #registrations = new Map<string, Registration>()
  readonly keptAlive: EndpointKey[] = []
  failure: Error | undefined
  #lastId = 0

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  add(
    userId: string,
    userEndpointId: string,
    authorizedForMs = HOUR_MS,
    organizationId = 'acme',
  ): Registration {
    const nowWallMs = this.#clock.wallMs()
    const registration: Registration = {
      organizationId,
      userId,
      userEndpointId,
      registrationId: ++this.#lastId,
      keepAliveSeconds: 3600,
      serverKeepAliveReminderOn: false,
      registeredAtWallMs: nowWallMs,
      lastKeepAliveAtWallMs: nowWallMs,
      remainingMs: Number.MAX_SAFE_INTEGER,
      reminded: false,
      authorizedUntilWallMs: nowWallMs + authorizedForMs,
    }
    this.#registrations.set(nameOf(registration), registration)
    return registration
  }

  /** What an HTTP keepalive with a newer token does. */
  renew(endpoint: EndpointKey, authorizedForMs: number): void {
    const registration = this.#registrations.get(nameOf(endpoint))
    if (registration === undefined) throw new Error('no such registration')
    const authorizedUntilWallMs = this.#clock.wallMs() + authorizedForMs
    this.#registrations.set(nameOf(endpoint), { ...registration, authorizedUntilWallMs })
  }

  remove(endpoint: EndpointKey): void {
    this.#registrations.delete(nameOf(endpoint))
  }

  async find(endpoint: EndpointKey): Promise<Registration | undefined> {
    if (this.failure !== undefined) throw this.failure
    return this.#registrations.get(nameOf(endpoint))
  }

  /** Whose links there are; delivery's fake sets it. */
  linkOf: (registration: Registration) => LinkHandle | undefined = () => undefined

  async look(addressees: readonly Addressee[]): Promise<readonly Sighting<'depth' | 'link'>[]> {
    if (this.failure !== undefined) throw this.failure
    const all = [...this.#registrations.values()]
    return addressees.flatMap(({ organizationId, userId, userEndpointId }) =>
      all
        .filter((other) => other.organizationId === organizationId && other.userId === userId)
        .filter((other) => userEndpointId === undefined || other.userEndpointId === userEndpointId)
        .map((registration) => ({ registration, depth: 0, link: this.linkOf(registration) })),
    )
  }

  async keepalive(endpoint: EndpointKey, authorizedUntilWallMs: number | undefined): Promise<Registration> {
    const registration = await this.find(endpoint)
    if (registration === undefined) throw new RollcallError('endpoint_unknown')
    if (authorizedUntilWallMs !== undefined) throw new Error('MQTT extends no authorization')
    this.keptAlive.push(endpoint)
    return registration
  }
}

function nameOf({ organizationId, userId, userEndpointId }: EndpointKey): string {
  return `${organizationId}/${userId}/${userEndpointId}`
}

/** What delivery was told about one link, in order. */
export class FakeAttachment implements Attachment {
  readonly registration: Registration
  readonly link: Link
  /** What the store says. */
  readonly attached: Promise<boolean>
  readonly told: ('start' | 'resume' | 'detach')[] = []
  onResume = (): void => {}

  constructor(registration: Registration, link: Link, attached: Promise<boolean>) {
    this.registration = registration
    this.link = link
    this.attached = attached
  }

  get isAttached(): boolean {
    return !this.told.includes('detach')
  }

  start(): void {
    this.told.push('start')
  }

  resume(): void {
    this.told.push('resume')
    this.onResume()
  }

  detach(): void {
    this.told.push('detach')
  }
}

export class FakeDelivery {
  readonly attachments: FakeAttachment[] = []
  /** Thrown by the next attach. */
  failure: Error | undefined
  /** What the store says of the next link. */
  onAttach = async (): Promise<boolean> => true
  /** Who sent what to whom. */
  readonly sent: { readonly caller: string; readonly command: SendEventCommand }[] = []
  /** What becomes of an event. */
  onSend = async (_command: SendEventCommand): Promise<SendResult> => ({ count: 1, eventId: 'e-1' })

  sendEvent({ userId }: Principal, command: SendEventCommand): Promise<SendResult> {
    this.sent.push({ caller: userId, command })
    return this.onSend(command)
  }

  readonly answers: { readonly user: UserKey; readonly command: AnswerCommand }[] = []
  /** What becomes of an answer. */
  onAnswer = async (_command: AnswerCommand): Promise<void> => undefined

  answer(user: UserKey, command: AnswerCommand): Promise<void> {
    this.answers.push({ user, command })
    return this.onAnswer(command)
  }

  attach(registration: Registration, link: Link): Attachment {
    if (this.failure !== undefined) throw this.failure
    this.find(registration.userEndpointId)?.link.close('taken_over')
    const attachment = new FakeAttachment(registration, link, this.onAttach())
    this.attachments.push(attachment)
    return attachment
  }

  /** The attachment of the endpoint's link now. */
  find(userEndpointId: string): FakeAttachment | undefined {
    return this.attachments.find(
      ({ registration, isAttached }) => isAttached && registration.userEndpointId === userEndpointId,
    )
  }

  /** The link of an endpoint that must have one. */
  link(userEndpointId: string): Link {
    const attachment = this.find(userEndpointId)
    if (attachment === undefined) throw new Error(`${userEndpointId} has no link`)
    return attachment.link
  }
}

export type MqttFixture = {
  readonly mqtt: Mqtt
  /** What it was made with. */
  readonly options: MqttOptions
  readonly clock: FakeClock
  readonly auth: FakeAuth
  readonly registrar: FakeRegistrar
  readonly delivery: FakeDelivery
  /** Reasons of closed connections and codes of refusals, in order. */
  readonly closed: string[]
  /** When an expired token opened a connection. */
  readonly stale: number[]
  readonly refused: string[]
  /** Everything logged: the lines of the real log. */
  readonly lines: string[]
  readonly httpPort: number
  readonly tcpPort: number
}

/**
 * The MQTT front over fakes, on loopback, with a clock that stands; closed with the test.
 *
 * @param node where it is one of several processes
 */
export async function openMqtt(
  test: TestContext,
  overrides: Partial<MqttSettings & LimitSettings> = {},
  node: { readonly clock?: FakeClock; readonly cluster?: Cluster } = {},
): Promise<MqttFixture> {
  const { clock = createFakeClock(), cluster } = node
  const [auth, registrar, delivery] = [new FakeAuth(clock), new FakeRegistrar(clock), new FakeDelivery()]
  registrar.linkOf = ({ userEndpointId }) => {
    const attachment = delivery.find(userEndpointId)
    return attachment && { linkId: 1, peer: attachment.link.peer }
  }
  const closed: string[] = []
  const stale: number[] = []
  const refused: string[] = []
  const lines: string[] = []
  const bounds = { linksMax: 1000, pendingLinksMax: 1000, ...overrides }
  const log = createLog('debug', { write: (line) => void lines.push(line) })
  const options: MqttOptions = {
    ...noLimits(bounds),
    auth,
    registrar,
    delivery,
    ...(cluster === undefined ? {} : { cluster, takeOvers: new TakeOvers(clock, log, cluster) }),
    clock,
    random: seededRandom(test.name),
    log,
    metrics: {
      linkClosed: (reason) => void closed.push(reason),
      staleConnect: () => void stale.push(clock.wallMs()),
      refused: (_front, code) => void refused.push(code),
    },
    settings: {
      ...bounds,
      allowedOrigins: allowOrigins([]),
      publicUrl: undefined,
      tokenBytesMax: 16_384,
      ackTimeoutSeconds: 60,
      ...overrides,
    },
  }
  const mqtt = createMqtt(options)
  const http = createServer()
  http.on('upgrade', (request, socket, head) =>
    mqtt.handleUpgrade(request, socket, head, String(request.headers['x-test-address'] ?? '127.0.0.1')),
  )
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const tcp = createTcpServer()
  await mqtt.listen(tcp, '127.0.0.1', 0)
  test.after(async () => {
    await mqtt.close()
    http.close()
  })
  const ports = { httpPort: portOf(http), tcpPort: portOf(tcp) }
  return {
    mqtt,
    options,
    clock,
    auth,
    registrar,
    delivery,
    closed,
    stale,
    refused,
    lines,
    ...ports,
  }
}

function portOf(server: Server | HttpServer): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
