import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Auth, AuthOptions } from '../../server/src/auth/auth.ts'
import { createLog } from '../../server/src/observe/observe.ts'
import { openEmbeddedStore } from '../../server/src/store/embedded/embedded.ts'
import { createMemoryStore } from '../../server/src/store/memory/memory.ts'
import type { Store } from '../../server/src/store/store.ts'
import { createWebhooks } from '../../server/src/webhooks/webhooks.ts'
import { basic, openAuth, partOf, refresh, request, signIn, TEST_KEY } from '../helpers/auth-fixture.ts'
import { createFakeClock, type FakeClock, seededRandom } from '../helpers/fake-clock.ts'
import { FakeDisk } from '../helpers/fake-disk.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const ALICE = { organizationId: 'acme', userId: 'alice' }
const GRANT = { code: 'invalid_grant' }
const REFUSED = { code: 'unauthorized' }

const engines: readonly (readonly [string, (clock: FakeClock) => Promise<Store>])[] = [
  ['memory', async (clock) => createMemoryStore({ clock })],
  ['embedded', (clock) => openEmbeddedStore({ rows: new FakeDisk().open(), clock })],
]

type Scene = { readonly auth: Auth; readonly clock: FakeClock; readonly store: Store }

async function open(
  t: TestContext,
  [, openStore]: (typeof engines)[number],
  options: Partial<AuthOptions> = {},
): Promise<Scene> {
  const clock = createFakeClock()
  const store = await openStore(clock)
  t.after(() => store.close())
  const month = { refreshTokenTtlSeconds: 30 * 86_400, staleConnectSecondsMax: 3600 }
  return openAuth(t, { ...month, ...options, clock, store })
}

/** Ahead for 70 s and back, long enough for all that sweeps to have swept. */
async function aheadBy(clock: FakeClock, ms: number, meanwhile = async () => {}): Promise<void> {
  clock.jumpWall(ms)
  await clock.advance(35_000)
  await meanwhile()
  await clock.advance(35_000)
  clock.jumpWall(-ms)
  await clock.advance(5000)
}

function revoke(auth: Auth, token: string): Promise<void> {
  return auth.revoke(request({ token }, basic('customer', '')))
}

/** For a call, and for CONNECT, which takes tokens that are over. */
async function assertRefused(auth: Auth, token: string): Promise<void> {
  await assert.rejects(async () => auth.authenticate(token), REFUSED)
  await assert.rejects(auth.authenticateStale(token), REFUSED)
}

for (const engine of engines) {
  const [name] = engine

  test(`${name}: three days ahead for 70 s and back, and revoked tokens and users stay revoked`, async (t) => {
    const { auth, clock } = await open(t, engine)
    const token = await signIn(auth)
    const ended = await signIn(auth)
    const carol = await signIn(auth, 'carol')
    await revoke(auth, token.access_token)
    await revoke(auth, ended.refresh_token ?? '')
    await auth.revokeUser({ organizationId: 'globex', userId: carol.sub ?? '' })
    await aheadBy(clock, 3 * DAY_MS)
    for (const { access_token } of [token, ended, carol]) await assertRefused(auth, access_token)
    await assert.rejects(refresh(auth, ended.refresh_token), GRANT)
  })

  test(`${name}: what is revoked while the clock is ahead stays revoked, though it looks expired`, async (t) => {
    const { auth, clock } = await open(t, engine)
    const before = await signIn(auth)
    const signedOut = await signIn(auth)
    await aheadBy(clock, 3 * DAY_MS, async () => {
      await revoke(auth, before.access_token)
      await revoke(auth, signedOut.refresh_token ?? '')
    })
    for (const { access_token } of [before, signedOut]) await assertRefused(auth, access_token)
  })

  test(`${name}: what was issued while the clock was ahead can be revoked afterwards, and stays so`, async (t) => {
    const { auth, clock } = await open(t, engine)
    const issued: Awaited<ReturnType<typeof signIn>>[] = []
    await aheadBy(clock, 3 * DAY_MS, async () => {
      issued.push(await signIn(auth), await signIn(auth), await signIn(auth))
    })
    const [token, signedOut, ofUser] = issued
    assert.ok(token && signedOut && ofUser)
    await revoke(auth, token.access_token)
    await revoke(auth, signedOut.refresh_token ?? '')
    await auth.revokeUser(ALICE)
    await clock.stall(3 * HOUR_MS)
    await clock.advance(61_000)
    for (const { access_token } of issued) await assertRefused(auth, access_token)
    await assert.rejects(refresh(auth, ofUser.refresh_token), GRANT)
    assert.equal((await signIn(auth)).sub, 'alice', 'and whoever signs in again is let in')
  })

  test(`${name}: 31 days ahead end no sign-in of 30 days, not even while they last`, async (t) => {
    const { auth, clock } = await open(t, engine)
    const first = await signIn(auth)
    const other = await signIn(auth)
    let next = first
    await aheadBy(clock, 31 * DAY_MS, async () => {
      next = await refresh(auth, first.refresh_token)
      // A new one sweeps the user's others.
      await signIn(auth)
    })
    assert.equal((await refresh(auth, next.refresh_token)).sub, 'alice')
    assert.equal((await refresh(auth, other.refresh_token)).sub, 'alice')
  })

  test(`${name}: three days ahead retire no signing key`, async (t) => {
    const clock = createFakeClock()
    const store = await engine[1](clock)
    t.after(() => store.close())
    const privateKeyPem = TEST_KEY.privateKey
    const keyOf = (keyId: string, agoMs: number) => ({
      keyId,
      privateKeyPem,
      createdAtWallMs: clock.wallMs() - agoMs,
    })
    for (const key of [keyOf('older', DAY_MS), keyOf('newer', 1000)]) await store.signingKeys.add(key)
    const { auth } = await openAuth(t, { clock, store })
    const { access_token } = await signIn(auth)
    assert.equal(partOf(access_token, 0)['kid'], 'older')
    await clock.advance(600_000 - 10_000)
    await aheadBy(clock, 3 * DAY_MS)
    assert.equal((await auth.authenticate(access_token)).userId, 'alice')
    assert.equal((await store.signingKeys.list()).length, 2)
  })
}

test('a restart while the clock is ahead forgets no revocation and ends no sign-in', async (t) => {
  const clock = createFakeClock()
  const disk = new FakeDisk()
  const month = { refreshTokenTtlSeconds: 30 * 86_400 }
  const open = async (): Promise<Scene> => {
    const store = await openEmbeddedStore({ rows: disk.open(), clock })
    return openAuth(t, { ...month, clock, store })
  }
  const before = await open()
  const [revoked, kept] = [await signIn(before.auth), await signIn(before.auth)]
  await revoke(before.auth, revoked.access_token)
  clock.jumpWall(31 * DAY_MS)
  await clock.advance(5000)
  await before.store.close()
  const during = await open()
  await clock.advance(65_000)
  clock.jumpWall(-31 * DAY_MS)
  await clock.advance(5000)
  await during.store.close()
  const { auth, store } = await open()
  t.after(() => store.close())
  await assertRefused(auth, revoked.access_token)
  assert.equal((await refresh(auth, kept.refresh_token)).sub, 'alice')
})

test('25 h ahead for 70 s make no dead letters of what a webhook has not taken yet', async (t) => {
  const clock = createFakeClock()
  const store = createMemoryStore({ clock })
  const events = new Set(['UserEndpointRegisteredEvent'] as const)
  const webhook = { id: 'h', url: 'https://h.example/', secrets: [Buffer.alloc(24)], events, enabled: true }
  const acme = { id: 'acme', name: 'Acme', webhooks: [webhook], send: [], senderId: false }
  let taken = 0
  let answer: string | undefined = 'refused'
  const webhooks = createWebhooks({
    ...{ store, clock, random: seededRandom(1), log: createLog('silent') },
    auth: { organizations: () => new Map([['acme', acme]]), onDirectoryReloaded: () => undefined },
    metrics: {
      webhookAttempt: () => undefined,
      webhookEvents(_outcome, count) {
        taken += count
      },
    },
    settings: { webhookRetryHours: 24, webhookPrivateAddresses: [] },
    openReceiver: () => ({ post: async () => answer, close: () => undefined }),
  })
  t.after(() => webhooks.close())
  const wanted = { keepAliveSeconds: 900, serverKeepAliveReminderOn: false, authorizedUntilWallMs: 0 }
  await store.registrations.register({ ...ALICE, userEndpointId: 'phone', ...wanted }, 1)
  await clock.advance(1000)
  await aheadBy(clock, 25 * HOUR_MS)
  assert.deepEqual([(await store.feed.totals()).deadLetters, taken], [0, 0])
  answer = undefined
  await clock.advance(600_000)
  assert.deepEqual([(await store.feed.totals()).deadLetters, taken], [0, 1])
})
