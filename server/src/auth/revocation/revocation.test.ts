import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import {
  basic,
  forge,
  openAuth,
  refresh,
  request,
  signIn,
  signInBackend,
} from '../../../../test/helpers/auth-fixture.ts'
import { createFakeClock } from '../../../../test/helpers/fake-clock.ts'
import { createLocalCluster } from '../../cluster/local/local.ts'
import { createMemoryStore } from '../../store/memory/memory.ts'
import type { Auth } from '../auth.ts'
import { openRevokedTokens } from './revoked-tokens.ts'
import { openRevokedUsers } from './revoked-users.ts'

const phone = basic('customer', '')
const revoke = (auth: Auth, token: string | undefined, authorization = phone) =>
  auth.revoke(request({ token: token ?? '' }, authorization))
const assertGone = (auth: Auth, token: string) =>
  assert.rejects(async () => auth.authenticate(token), { code: 'unauthorized' })

test('a revoked access token is refused from then on, alone, and after a restart', async (t) => {
  const { auth, store, clock } = await openAuth(t)
  const { access_token, refresh_token } = await signIn(auth)
  const other = await signIn(auth)
  await auth.authenticate(access_token)
  await revoke(auth, access_token)
  await assertGone(auth, access_token)
  assert.equal(auth.isStillGood(access_token), false)
  assert.equal((await auth.authenticate(other.access_token)).userId, 'alice')
  assert.equal((await refresh(auth, refresh_token)).sub, 'alice')
  await auth.close()
  const { auth: restarted } = await openAuth(t, { store, clock })
  assert.equal(restarted.isStillGood(access_token), false)
  await assertGone(restarted, access_token)
})

test('a revoked token opens no connection as a stale one, before or after its time', async (t) => {
  const { auth, clock } = await openAuth(t)
  const first = await signIn(auth)
  const second = await signIn(auth)
  await revoke(auth, first.access_token)
  await clock.advance(3_600_000 + 60_000)
  await assert.rejects(auth.authenticateStale(first.access_token), { code: 'unauthorized' })
  assert.equal((await auth.authenticateStale(second.access_token)).expired, true)
  await revoke(auth, second.access_token)
  await assert.rejects(auth.authenticateStale(second.access_token), { code: 'unauthorized' })
})

test('a revoked refresh token ends its sign-in, access tokens included', async (t) => {
  const { auth, store, clock } = await openAuth(t)
  const first = await signIn(auth)
  const other = await signIn(auth)
  const second = await refresh(auth, first.refresh_token)
  await revoke(auth, second.refresh_token)
  await assert.rejects(refresh(auth, second.refresh_token), { code: 'invalid_grant' })
  await assertGone(auth, first.access_token)
  await assertGone(auth, second.access_token)
  assert.equal((await auth.authenticate(other.access_token)).userId, 'alice')
  const { auth: restarted } = await openAuth(t, { store, clock })
  await assertGone(restarted, second.access_token)
})

test('a used refresh token revokes its family just the same', async (t) => {
  const { auth } = await openAuth(t)
  const first = await signIn(auth)
  const second = await refresh(auth, first.refresh_token)
  await revoke(auth, first.refresh_token)
  await assertGone(auth, second.access_token)
})

test('a token of another client is not revoked, and the client is told', async (t) => {
  const { auth } = await openAuth(t)
  const { access_token, refresh_token } = await signIn(auth)
  const backend = basic('acme-backend', 'acme-secret')
  for (const token of [access_token, refresh_token])
    await assert.rejects(revoke(auth, token, backend), { code: 'invalid_grant' })
  assert.equal((await auth.authenticate(access_token)).userId, 'alice')
  assert.equal((await refresh(auth, refresh_token)).sub, 'alice')
})

test('what is not valid is no error, and revokes nothing', async (t) => {
  const { auth, clock, store } = await openAuth(t)
  const forged = forge(clock, { header: { kid: 'unknown' } })
  const foreign = forge(clock, { claims: { iss: 'https://elsewhere.example' } })
  const unknown = `${'a'.repeat(22)}.${'b'.repeat(43)}`
  for (const token of ['nonsense', 'a.b.c', forged, foreign, unknown]) await revoke(auth, token)
  const { access_token } = await signInBackend(auth)
  await clock.advance(3_600_000 + 86_400_000)
  await revoke(auth, access_token, basic('acme-backend', 'acme-secret'))
  assert.deepEqual(await store.revokedTokens.list(), [])
})

test('nobody revokes without being a client', async (t) => {
  const { auth } = await openAuth(t)
  const { access_token } = await signIn(auth)
  await assert.rejects(revoke(auth, access_token, basic('nobody', '')), { code: 'invalid_client' })
  await assert.rejects(auth.revoke(request({ token: access_token })), { code: 'invalid_client' })
  await assert.rejects(auth.revoke(request({}, phone)), { code: 'invalid_request' })
  await auth.authenticate(access_token)
})

test('a revocation that is not durable is answered 503, and holds as long as the server runs', async (t) => {
  const { auth, store } = await openAuth(t)
  const { access_token } = await signIn(auth)
  t.mock.method(store.revokedTokens, 'add', async () => {
    throw new RollcallError('unavailable')
  })
  await assert.rejects(revoke(auth, access_token), { code: 'temporarily_unavailable', status: 503 })
  await assertGone(auth, access_token)
})

const BOUNDS = { revocationsMax: 100, organizationSharePercent: 50, callerSharePercent: 25 }

async function openList(t: TestContext, bounds = BOUNDS) {
  const clock = createFakeClock()
  const store = createMemoryStore({ clock })
  const told: string[] = []
  const log = { warn: () => undefined }
  const onLearnt = () => undefined
  const merged: number[] = []
  const witness = { revocationsMerged: (count: number) => void merged.push(count) }
  const times = { clock, wall: store.serviceTime.wall, cluster: createLocalCluster('here') }
  const open = async () => {
    const users = await openRevokedUsers({
      store: store.revokedUsers,
      ...times,
      useMsMax: 3_600_000,
      bounds,
      onLearnt,
    })
    const tokens = await openRevokedTokens({
      ...{
        store: store.revokedTokens,
        revokedUsers: users,
        bounds,
        ...times,
        log,
        witness,
        tokenUseMsMax: 3_600_000,
      },
      onUserRevoked: (userId) => void told.push(userId),
      onLearnt,
    })
    t.after(() => tokens.close())
    t.after(() => users.close())
    return { users, tokens }
  }
  return { ...(await open()), clock, store, told, merged, open }
}

const of = (organizationId: string, userId: string) => ({ organizationId, userId })

test('the list is bounded, forgets what is over, and never what is not', async (t) => {
  const off = { revocationsMax: 2, organizationSharePercent: 100, callerSharePercent: 100 }
  const { tokens, clock } = await openList(t, off)
  const alice = of('acme', 'alice')
  await tokens.add(alice, 'short', clock.wallMs() + 60_000)
  await tokens.add(alice, 'long', clock.wallMs() + 600_000)
  await assert.rejects(tokens.add(alice, 'one more', clock.wallMs() + 1), { code: 'unavailable' })
  await tokens.add(alice, 'long', clock.wallMs() + 700_000)
  await clock.advance(60_000)
  assert.deepEqual([tokens.has('short'), tokens.has('long'), tokens.has('__proto__')], [false, true, false])
  await tokens.add(alice, 'one more', clock.wallMs() + 1)
})

test('of a user over its share everything from before is revoked at once, and of nobody else', async (t) => {
  const { tokens, users, clock, store, told, merged, open } = await openList(t)
  const until = clock.wallMs() + 3_600_000
  const [mallory, victor] = [of('evil', 'mallory'), of('good', 'victor')]
  await tokens.add(victor, 'of victor', until)
  for (let count = 0; count < 1_000; count++) await tokens.add(mallory, `t${count}`, until)
  const revokedFromMs = users.notBeforeWallMs(mallory)
  assert(revokedFromMs > clock.wallMs(), 'whatever was issued until now is refused')
  assert.equal(users.notBeforeWallMs(victor), 0)
  assert(tokens.has('of victor'))
  assert.deepEqual(new Set(told), new Set(['mallory']))
  assert.ok(merged.length > 0 && merged.every((count) => count > 1), 'and the operator')
  const kept = await store.revokedTokens.list()
  assert(kept.length < 50, `${kept.length} are kept`)
  // What the list does not name any more, the user's revocation refuses: also after a restart.
  const again = await open()
  assert.equal(again.users.notBeforeWallMs(mallory), revokedFromMs)
  assert(again.tokens.has('of victor'))
})

test('an organization with many users over its share makes way with its own, and others go on', async (t) => {
  const { tokens, users, clock } = await openList(t)
  const until = clock.wallMs() + 3_600_000
  const refused = { own: 0, others: 0 }
  for (let count = 0; count < 400; count++)
    await tokens.add(of('evil', `u${count}`), `t${count}`, until).catch(() => refused.own++)
  for (let count = 0; count < 10; count++)
    await tokens.add(of('good', `v${count}`), `v${count}`, until).catch(() => refused.others++)
  assert.equal(refused.others, 0)
  assert(refused.own > 0, 'the list is finite')
  for (let count = 0; count < 10; count++) {
    assert(tokens.has(`v${count}`))
    assert.equal(users.notBeforeWallMs(of('good', `v${count}`)), 0)
  }
})

test('nothing that was revoked lives again when its user is revoked at once', async (t) => {
  const { tokens, users, clock } = await openList(t)
  const mallory = of('evil', 'mallory')
  const revoked: { readonly key: string; readonly issuedAtMs: number }[] = []
  for (let count = 0; count < 300; count++) {
    // As `access-token.ts` stamps them.
    const issuedAtMs = Math.max(clock.wallMs(), users.notBeforeWallMs(mallory))
    await tokens.add(mallory, `t${count}`, issuedAtMs + 3_600_000)
    revoked.push({ key: `t${count}`, issuedAtMs })
    if (count === 150) clock.jumpWall(-600_000)
    await clock.advance(count % 3)
    for (const { key, issuedAtMs } of revoked)
      assert(tokens.has(key) || issuedAtMs < users.notBeforeWallMs(mallory), `${key} is good again`)
  }
})

test('what another process takes off the list stays refused until its user’s revocation is heard of', async (t) => {
  const { tokens, users, clock, store } = await openList(t)
  const [mallory, victor] = [of('evil', 'mallory'), of('good', 'victor')]
  await tokens.add(mallory, 'of mallory', clock.wallMs() + 3_600_000)
  await tokens.add(victor, 'of victor', clock.wallMs() + 3_600_000)
  await tokens.add(undefined, 'of nobody', clock.wallMs() + 3_600_000)
  await users.revoke(mallory)
  await store.revokedTokens.remove(['of mallory', 'of victor', 'of nobody'])
  const known = ['of mallory', 'of victor', 'of nobody'].filter((key) => tokens.has(key))
  assert.deepEqual(known, ['of victor', 'of nobody'])
  await clock.advance(3_660_000)
  assert(!tokens.has('of victor'))
})
