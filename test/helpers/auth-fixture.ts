import { generateKeyPairSync, sign } from 'node:crypto'
import type { TestContext } from 'node:test'
import {
  type Auth,
  type AuthLog,
  type AuthOptions,
  createAuth,
  type TokenRequest,
  type TokenResponse,
} from '../../server/src/auth/auth.ts'
import { createLocalCluster } from '../../server/src/cluster/local/local.ts'
import { createMemoryStore } from '../../server/src/store/memory/memory.ts'
import type { Store } from '../../server/src/store/store.ts'
import { createFakeClock, type FakeClock, seededRandom } from './fake-clock.ts'

export const ISSUER = 'http://127.0.0.1:8080'

/** An RSA key made once for the whole file: making one takes longer than most tests. */
export const TEST_KEY = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})
const TEST_KEY_ID = 'test-key'

export type LogLine = { readonly level: string; readonly message: string; readonly fields: unknown }

export type AuthFixture = {
  readonly auth: Auth
  readonly store: Store
  readonly clock: FakeClock
  readonly lines: readonly LogLine[]
}

type FixtureOptions = {
  readonly clock?: FakeClock
  readonly store?: Store
  /** Let the server make its own first key. */
  readonly withoutKey?: boolean
}

export function recordingLog(lines: LogLine[]): AuthLog {
  const at = (level: string) => (message: string, fields?: unknown) =>
    void lines.push({ level, message, fields })
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') }
}

/** Identity over the demo directory and a store in memory, on a clock that stands; closed with the test. */
export async function openAuth(
  test: TestContext,
  overrides: Partial<AuthOptions> & FixtureOptions = {},
): Promise<AuthFixture> {
  const clock = overrides.clock ?? createFakeClock()
  const store = overrides.store ?? createMemoryStore({ clock })
  const isEmpty = (await store.signingKeys.list()).length === 0
  if (isEmpty && overrides.withoutKey !== true) await store.signingKeys.add(testSigningKey(clock))
  const lines: LogLine[] = []
  const auth = await createAuth({
    cluster: createLocalCluster('here'),
    random: seededRandom(test.name),
    log: recordingLog(lines),
    issuer: () => ISSUER,
    accessTokenTtlSeconds: 3600,
    refreshTokenTtlSeconds: 86_400,
    refreshFamiliesPerUserMax: 10,
    signingKeyRotationDays: 90,
    staleConnectSecondsMax: 86_400,
    foreignIssuers: undefined,
    ...overrides,
    clock,
    store,
  })
  test.after(() => auth.close())
  return { auth, store, clock, lines }
}

export function testSigningKey(clock: Pick<FakeClock, 'wallMs'>) {
  return { keyId: TEST_KEY_ID, privateKeyPem: TEST_KEY.privateKey, createdAtWallMs: clock.wallMs() }
}

export function basic(id: string, secret: string): string {
  return `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
}

/** A request with these parameters, and an `Authorization` header where one is given. */
export function request(parameters: Record<string, string>, authorization?: string): TokenRequest {
  return { authorization, remoteAddress: '127.0.0.1', parameters: Object.entries(parameters) }
}

/** Signs in as a phone does. */
export function signIn(
  auth: Auth,
  username = 'alice',
  password = `${username}-password`,
): Promise<TokenResponse> {
  return auth.token(request({ grant_type: 'password', username, password }, basic('customer', '')))
}

export function refresh(auth: Auth, refreshToken: string | undefined): Promise<TokenResponse> {
  const parameters = { grant_type: 'refresh_token', refresh_token: refreshToken ?? '' }
  return auth.token(request(parameters, basic('customer', '')))
}

/** Signs in as a backend does. */
export function signInBackend(
  auth: Auth,
  id = 'acme-backend',
  secret = 'acme-secret',
): Promise<TokenResponse> {
  return auth.token(request({ grant_type: 'client_credentials', client_id: id, client_secret: secret }))
}

export type Forgery = {
  readonly header?: Record<string, unknown>
  readonly claims?: Record<string, unknown>
  readonly privateKeyPem?: string
}

/** A genuine token of alice's, signed with the server's key, but for what the forgery changes. */
export function forge(
  clock: Pick<FakeClock, 'wallMs'>,
  { header, claims, privateKeyPem }: Forgery = {},
): string {
  const nowSeconds = Math.floor(clock.wallMs() / 1000)
  const payload = {
    iss: ISSUER,
    sub: 'alice',
    userId: 'alice',
    organization_id: 'acme',
    authorities: ['ROLE_USER'],
    client_id: 'customer',
    jti: 'a-jti',
    iat: nowSeconds,
    exp: nowSeconds + 3600,
    scope: 'rtc',
    ...claims,
  }
  const signed = [{ alg: 'RS256', typ: 'JWT', kid: TEST_KEY_ID, ...header }, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${signed}.${sign('sha256', Buffer.from(signed), privateKeyPem ?? TEST_KEY.privateKey).toString('base64url')}`
}

/** The members of one part of a token. */
export function partOf(token: string, index: 0 | 1): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString('utf8'))
}

/** Lets real work happen, such as the making of a key, until `isDone`; fails after half a minute. */
export async function until(isDone: () => boolean): Promise<void> {
  const untilMs = performance.now() + 30_000
  while (performance.now() < untilMs) {
    if (isDone()) return
    await new Promise<void>((resolve) => setTimeout(resolve, 1))
  }
  throw new Error('it never happened')
}
