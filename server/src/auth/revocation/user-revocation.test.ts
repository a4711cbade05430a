import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  forge,
  openAuth,
  partOf,
  refresh,
  signIn,
  signInBackend,
} from '../../../../test/helpers/auth-fixture.ts'
import { createFakeClock, seededRandom } from '../../../../test/helpers/fake-clock.ts'
import { createLocalCluster } from '../../cluster/local/local.ts'
import { createMemoryStore } from '../../store/memory/memory.ts'
import type { Auth, IsConcerned } from '../auth.ts'
import { openRevokedUsers } from './revoked-users.ts'

const ALICE = { organizationId: 'acme', userId: 'alice' }
const HOUR_MS = 3_600_000
const gone = (auth: Auth, token: string) =>
  assert.rejects(async () => auth.authenticate(token), { code: 'unauthorized' })

test('a token of the same millisecond from before the revocation is refused, one from after it is good', async (t) => {
  const { auth } = await openAuth(t)
  const before = await signIn(auth)
  await auth.authenticate(before.access_token)
  await auth.revokeUser(ALICE)
  const after = await signIn(auth)
  await gone(auth, before.access_token)
  assert.equal(auth.isStillGood(before.access_token), false)
  assert.equal((await auth.authenticate(after.access_token)).userId, 'alice')
  assert.equal((await refresh(auth, after.refresh_token)).sub, 'alice')
  await auth.revokeUser(ALICE)
  await gone(auth, after.access_token)
  await auth.authenticate((await signIn(auth)).access_token)
})

test('sign-ins from before end too, and nothing of anybody else', async (t) => {
  const { auth } = await openAuth(t)
  const alice = await signIn(auth)
  const bob = await signIn(auth, 'bob')
  const backend = await signInBackend(auth)
  await auth.revokeUser(ALICE)
  await assert.rejects(refresh(auth, alice.refresh_token), { code: 'invalid_grant' })
  assert.equal((await refresh(auth, bob.refresh_token)).sub, 'bob')
  for (const { access_token } of [bob, backend]) await auth.authenticate(access_token)
})

test('a user of another organization with the same id is another user', async (t) => {
  const { auth } = await openAuth(t)
  const { access_token, refresh_token } = await signIn(auth)
  await auth.revokeUser({ organizationId: 'globex', userId: 'alice' })
  await auth.authenticate(access_token)
  await refresh(auth, refresh_token)
})

test('a revocation outlives a restart, and the clock being set back', async (t) => {
  const { auth, store, clock } = await openAuth(t)
  const before = await signIn(auth)
  await clock.advance(5)
  await auth.revokeUser(ALICE)
  clock.jumpWall(-HOUR_MS / 2)
  const after = await signIn(auth)
  await auth.authenticate(after.access_token)
  await auth.close()
  const { auth: restarted } = await openAuth(t, { store, clock, random: seededRandom('restarted') })
  await gone(restarted, before.access_token)
  await restarted.authenticate(after.access_token)
  await restarted.authenticate((await signIn(restarted)).access_token)
  await assert.rejects(refresh(restarted, before.refresh_token), { code: 'invalid_grant' })
  await refresh(restarted, after.refresh_token)
})

test('no revoked token gets a connection as a stale one', async (t) => {
  const { auth, clock } = await openAuth(t)
  const { access_token } = await signIn(auth)
  await auth.revokeUser(ALICE)
  await assert.rejects(auth.authenticateStale(access_token), { code: 'unauthorized' })
  await clock.advance(HOUR_MS + 1)
  await assert.rejects(auth.authenticateStale(access_token), { code: 'unauthorized' })
  assert.equal(auth.isStillGood(access_token), false)
})

test('it is forgotten only once nothing from before can be of use', async (t) => {
  const { auth, store, clock } = await openAuth(t, { refreshTokenTtlSeconds: 60 })
  const { access_token } = await signIn(auth)
  await auth.revokeUser(ALICE)
  await clock.advance(HOUR_MS + 86_400_000 - 1000)
  await assert.rejects(auth.authenticateStale(access_token), { code: 'unauthorized' })
  assert.equal((await store.revokedUsers.list()).length, 1)
  await clock.advance(2000)
  assert.equal((await store.revokedUsers.list()).length, 0)
  await assert.rejects(auth.authenticateStale(access_token), { code: 'unauthorized' })
})

test('tokens that earlier versions made count by their iat', async (t) => {
  const { auth, clock } = await openAuth(t)
  await clock.advance(10_500)
  const old = forge(clock, { claims: { jti: 'no-uuid' } })
  await auth.authenticate(old)
  await auth.revokeUser(ALICE)
  await gone(auth, old)
  await clock.advance(1000)
  await auth.authenticate(forge(clock, { claims: { jti: 'no-uuid-either' } }))
})

test('a token says when it was made, and its jti is one of a kind', async (t) => {
  const { auth, clock } = await openAuth(t)
  const tokens = [await signIn(auth), await signIn(auth)]
  const [first, second] = tokens.map(({ access_token }) => partOf(access_token, 1))
  assert.notEqual(first?.['jti'], second?.['jti'])
  assert.equal(first?.['iat'], Math.floor(clock.wallMs() / 1000))
})

test('listeners are told whom it concerns, after the tokens are refused and before it is over', async (t) => {
  const { auth } = await openAuth(t)
  const { access_token, refresh_token } = await signIn(auth)
  const principal = await auth.authenticate(access_token)
  const bob = await auth.authenticate((await signIn(auth, 'bob')).access_token)
  const heard: boolean[][] = []
  let finished = 0
  auth.onRevoked(async (isConcerned: IsConcerned) => {
    heard.push([isConcerned(principal), isConcerned(bob), auth.isStillGood(access_token)])
    await new Promise<void>((resolve) => setImmediate(resolve))
    finished++
  })
  const before = auth.revocations()
  await auth.revokeUser(ALICE)
  assert.deepEqual([heard, finished], [[[true, false, false]], 1])
  assert.ok(auth.revocations() > before)
  await assert.rejects(refresh(auth, refresh_token))
  assert.equal(finished, 1, 'what was over before is told to nobody')
})

test('a reused refresh token is told of, too', async (t) => {
  const { auth } = await openAuth(t)
  const first = await signIn(auth)
  const second = await refresh(auth, first.refresh_token)
  await refresh(auth, second.refresh_token)
  const principal = await auth.authenticate(second.access_token)
  const heard: boolean[] = []
  auth.onRevoked((isConcerned) => void heard.push(isConcerned(principal)))
  await assert.rejects(refresh(auth, first.refresh_token), { code: 'invalid_grant' })
  assert.deepEqual(heard, [true])
  await gone(auth, second.access_token)
})

test('one organization cannot take the room of all others', async (t) => {
  const clock = createFakeClock()
  const { revokedUsers: store, serviceTime } = createMemoryStore({ clock })
  const { wall } = serviceTime
  const bounds = { revocationsMax: 40, organizationSharePercent: 50, callerSharePercent: 25 }
  const users = await openRevokedUsers({
    store,
    cluster: createLocalCluster('here'),
    clock,
    wall,
    useMsMax: 1000,
    bounds,
    onLearnt: () => undefined,
  })
  t.after(() => users.close())
  const revoke = (organizationId: string, userId: string) => users.revoke({ organizationId, userId })
  for (let count = 0; count < 18; count++) await revoke('acme', `u${count}`)
  await revoke('acme', 'a')
  await revoke('acme', '__proto__')
  await revoke('acme', 'a')
  await assert.rejects(revoke('acme', 'c'), { code: 'unavailable' })
  await revoke('__proto__', 'c')
  assert.equal(users.notBeforeWallMs({ organizationId: 'acme', userId: 'c' }), 0)
  await clock.advance(60_000)
  await revoke('acme', 'c')
})
