import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forge, openAuth, signIn, signInBackend } from '../../../../test/helpers/auth-fixture.ts'

test('a token seen before is answered without waiting; a new one is checked first', async (t) => {
  const { auth } = await openAuth(t)
  const { access_token } = await signIn(auth)
  const first = auth.authenticate(access_token)
  assert.ok(first instanceof Promise)
  const principal = await first
  assert.equal(auth.authenticate(access_token), principal)
  assert.equal(auth.authenticate(` ${access_token}`.trim()), principal)
})

test('callers with the same new token share the work', async (t) => {
  const { auth } = await openAuth(t)
  const { access_token } = await signIn(auth)
  const principals = await Promise.all([1, 2, 3].map(() => auth.authenticate(access_token)))
  assert.equal(new Set(principals).size, 1)
})

test('no token gets the principal of another, be it one character away', async (t) => {
  const { auth, clock } = await openAuth(t)
  const alice = forge(clock)
  const bob = forge(clock, { claims: { sub: 'bob', userId: 'bob' } })
  assert.equal((await auth.authenticate(alice)).userId, 'alice')
  assert.equal((await auth.authenticate(bob)).userId, 'bob')
  const flip = (at: number) => alice.slice(0, at) + (alice[at] === 'A' ? 'B' : 'A') + alice.slice(at + 1)
  for (let at = 0; at < alice.length; at += 7)
    await assert.rejects(async () => auth.authenticate(flip(at)), { code: 'unauthorized' })
  assert.equal((await auth.authenticate(alice)).userId, 'alice')
})

test('a token past its time is taken where a stale one may be, up to the limit', async (t) => {
  const { auth, clock } = await openAuth(t, { staleConnectSecondsMax: 60 })
  const { access_token } = await signIn(auth)
  assert.deepEqual((await auth.authenticateStale(access_token)).expired, false)
  await clock.advance(3_600_000)
  const stale = await auth.authenticateStale(access_token)
  assert.deepEqual([stale.principal.userId, stale.expired], ['alice', true])
  await assert.rejects(async () => auth.authenticate(access_token), { code: 'unauthorized' })
  assert.equal(auth.isStillGood(access_token), true)
  await clock.advance(59_999)
  assert.equal((await auth.authenticateStale(access_token)).expired, true)
  await clock.advance(1)
  await assert.rejects(auth.authenticateStale(access_token), { code: 'unauthorized' })
})

test('no stale token is taken where none is allowed', async (t) => {
  const { auth, clock } = await openAuth(t, { staleConnectSecondsMax: 0 })
  const { access_token } = await signIn(auth)
  await clock.advance(3_600_000)
  await assert.rejects(auth.authenticateStale(access_token), { code: 'unauthorized' })
})

test('tokens outlive a restart, and so do their signing keys', async (t) => {
  const { auth, store, clock } = await openAuth(t)
  const { access_token } = await signInBackend(auth)
  const keys = auth.jwks()
  await auth.close()
  const { auth: restarted } = await openAuth(t, { store, clock })
  assert.deepEqual(restarted.jwks(), keys)
  assert.equal(restarted.isStillGood(access_token), true)
  assert.equal((await restarted.authenticate(access_token)).userId, 'acme-backend')
})

test('nonsense is not still good', async (t) => {
  const { auth, clock } = await openAuth(t)
  for (const token of ['', 'a.b.c', forge(clock, { claims: { iss: 'elsewhere' } })])
    assert.equal(auth.isStillGood(token), false)
})

test('closing leaves nothing behind, and may be done twice', async (t) => {
  const { auth, clock, store } = await openAuth(t)
  assert.notEqual(clock.pending(), 0)
  await auth.close()
  await auth.close()
  // The store has a timer of its own.
  await store.close()
  assert.equal(clock.pending(), 0)
})
