import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ISSUER,
  openAuth,
  partOf,
  recordingLog,
  signInBackend,
  until,
} from '../../../../test/helpers/auth-fixture.ts'
import { createFakeClock, seededRandom } from '../../../../test/helpers/fake-clock.ts'
import { createLocalCluster } from '../../cluster/local/local.ts'
import { createMemoryStore } from '../../store/memory/memory.ts'
import { createAuth } from '../auth.ts'
import { keyDuties } from './key-duties.ts'

const DAY_MS = 86_400_000
const times = { rotationMs: 1000, leadMs: 100, afterlifeMs: 500 }
const newer = { keyId: 'newer', createdAtWallMs: 1000 }
const older = { keyId: 'older', createdAtWallMs: 0 }

test('a first key is made, and signs at once', () => {
  assert.deepEqual(keyDuties([], 0, times), { makeOne: true, signerId: undefined, retired: [] })
  assert.deepEqual(keyDuties([older], 0, times), { makeOne: false, signerId: 'older', retired: [] })
})

test('a key is replaced at its age; its successor is published before it signs', () => {
  assert.equal(keyDuties([older], 999, times).makeOne, false)
  assert.equal(keyDuties([older], 1000, times).makeOne, true)
  assert.equal(keyDuties([newer, older], 1099, times).signerId, 'older')
  assert.equal(keyDuties([newer, older], 1100, times).signerId, 'newer')
})

test('a key goes when its last token can no longer be used', () => {
  assert.deepEqual(keyDuties([newer, older], 1599, times).retired, [])
  assert.deepEqual(keyDuties([newer, older], 1600, times).retired, ['older'])
})

test('a clock set back leaves a key that signs', () => {
  assert.deepEqual(keyDuties([newer, older], -5000, times), {
    makeOne: false,
    signerId: 'older',
    retired: [],
  })
})

test('a first start makes a key of 2048 bits and keeps it', async (t) => {
  const { auth, store } = await openAuth(t, { withoutKey: true })
  const [published] = auth.jwks().keys
  const [kept] = await store.signingKeys.list()
  assert.ok(published)
  assert.deepEqual(Object.keys(published).sort(), ['alg', 'e', 'kid', 'kty', 'n', 'use'])
  assert.equal(Buffer.from(Reflect.get(published, 'n'), 'base64url').length, 256)
  assert.equal(Reflect.get(published, 'kid'), kept?.keyId)
  const { access_token } = await signInBackend(auth)
  assert.equal((await auth.authenticate(access_token)).userId, 'acme-backend')
})

test('keys rotate without refusing a live token, and a retired one signs nobody in', async (t) => {
  const options = { signingKeyRotationDays: 1, accessTokenTtlSeconds: 7200, staleConnectSecondsMax: 3600 }
  const clock = createFakeClock()
  const kept = createMemoryStore({ clock: createFakeClock() })
  // Days pass in one go: the store's own time may stand, but not that by which keys are kept.
  const serviceTime = { ...kept.serviceTime, wall: { earliestMs: clock.wallMs, latestMs: clock.wallMs } }
  const store = { ...kept, serviceTime }
  const { auth } = await openAuth(t, { ...options, store, clock })
  const kidOf = (token: string) => partOf(token, 0)['kid']
  const before = await signInBackend(auth)
  await clock.advance(DAY_MS)
  await until(() => auth.jwks().keys.length === 2)
  const published = await signInBackend(auth)
  assert.equal(kidOf(published.access_token), kidOf(before.access_token))
  await clock.advance(3_600_000)
  const after = await signInBackend(auth)
  assert.notEqual(kidOf(after.access_token), kidOf(before.access_token))
  for (const { access_token } of [published, after]) await auth.authenticate(access_token)

  const { auth: restarted } = await openAuth(t, { ...options, store, clock })
  for (const { access_token } of [published, after]) await restarted.authenticate(access_token)
  await clock.advance(7_200_000 + 3_600_000)
  await until(() => auth.jwks().keys.length === 1)
  assert.equal((await store.signingKeys.list()).length, 1)
  await assert.rejects(auth.authenticateStale(published.access_token), { code: 'unauthorized' })
})

test('a rotation that the store refuses is tried again', async (t) => {
  const { auth, clock, store, lines } = await openAuth(t, { signingKeyRotationDays: 1 })
  const add = t.mock.method(store.signingKeys, 'add', async () => {
    throw new Error('disk full')
  })
  await clock.stall(DAY_MS)
  await until(() => lines.some(({ level }) => level === 'error'))
  assert.equal(auth.jwks().keys.length, 1)
  await signInBackend(auth)
  add.mock.restore()
  await clock.advance(600_000)
  await until(() => auth.jwks().keys.length === 2)
})

test('a store that cannot be read refuses the start and leaves nothing running', async (t) => {
  const clock = createFakeClock()
  const store = createMemoryStore({ clock })
  t.mock.method(store.signingKeys, 'list', async () => {
    throw new Error('unreadable')
  })
  const cluster = createLocalCluster('here')
  const options = {
    clock,
    cluster,
    store,
    random: seededRandom(1),
    log: recordingLog([]),
    issuer: () => ISSUER,
  }
  const limits = { accessTokenTtlSeconds: 1, refreshTokenTtlSeconds: 1, refreshFamiliesPerUserMax: 1 }
  const rest = { signingKeyRotationDays: 1, staleConnectSecondsMax: 1, foreignIssuers: [] }
  await assert.rejects(createAuth({ ...options, ...limits, ...rest }), /unreadable/)
  await store.close()
  assert.equal(clock.pending(), 0)
})
