import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import {
  basic,
  forge,
  openAuth,
  refresh,
  request,
  signIn,
  signInBackend,
} from '../../../test/helpers/auth-fixture.ts'
import { createFakeClock } from '../../../test/helpers/fake-clock.ts'
import { createMemoryStore } from '../store/memory/memory.ts'
import type { Auth } from './auth.ts'
import { openRevokedTokens } from './revoked-tokens.ts'

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
  assert.deepEqual(await store.revokedTokens.list(clock.wallMs()), [])
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

test('the list is bounded, forgets what is over, and never what is not', async (t) => {
  const clock = createFakeClock()
  const store = createMemoryStore({ clock })
  const revoked = await openRevokedTokens(store.revokedTokens, clock, 2)
  t.after(() => revoked.close())
  await revoked.add('short', clock.wallMs() + 60_000)
  await revoked.add('long', clock.wallMs() + 600_000)
  await assert.rejects(revoked.add('one more', clock.wallMs() + 1), { code: 'unavailable' })
  await revoked.add('long', clock.wallMs() + 700_000)
  await clock.advance(60_000)
  assert.deepEqual(
    [revoked.has('short'), revoked.has('long'), revoked.has('__proto__')],
    [false, true, false],
  )
  await revoked.add('one more', clock.wallMs() + 1)
})
