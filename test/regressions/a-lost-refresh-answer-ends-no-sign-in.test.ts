import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openEmbeddedStore } from '../../server/src/store/embedded/embedded.ts'
import { openAuth, refresh, signIn } from '../helpers/auth-fixture.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'
import { FakeDisk } from '../helpers/fake-disk.ts'

const CODE = { code: 'invalid_grant' }

test('the same refresh token again within a minute gives the same successor and good access tokens', async (t) => {
  const { auth, clock } = await openAuth(t)
  const first = await signIn(auth)
  const lost = await refresh(auth, first.refresh_token)
  await clock.advance(59_999)
  const again = await refresh(auth, first.refresh_token)
  assert.equal(again.refresh_token, lost.refresh_token)
  assert.notEqual(again.jti, lost.jti)
  for (const { access_token } of [first, lost, again])
    assert.equal((await auth.authenticate(access_token)).userId, 'alice')
  assert.equal((await refresh(auth, again.refresh_token)).sub, 'alice')
})

test('two uses at once both succeed, with the same successor', async (t) => {
  const { auth } = await openAuth(t)
  const { refresh_token } = await signIn(auth)
  const both = await Promise.all([1, 2, 3].map(() => refresh(auth, refresh_token)))
  assert.equal(new Set(both.map((one) => one.refresh_token)).size, 1)
  assert.equal((await refresh(auth, both[0]?.refresh_token)).sub, 'alice')
})

for (const [when, makeItTheft] of [
  ['after a minute', (scene: Scene) => scene.clock.advance(60_000)],
  ['once its successor was used', (scene: Scene) => refresh(scene.auth, scene.next)],
] as const)
  test(`a used refresh token is theft ${when}: the sign-in ends`, async (t) => {
    const { auth, clock } = await openAuth(t)
    const first = await signIn(auth)
    const second = await refresh(auth, first.refresh_token)
    await makeItTheft({ auth, clock, next: second.refresh_token })
    await assert.rejects(refresh(auth, first.refresh_token), CODE)
    await assert.rejects(refresh(auth, second.refresh_token), CODE)
    assert.equal(auth.isStillGood(second.access_token), false)
  })

test('a minute is one of service time: neither downtime nor a jump of the wall clock uses it up', async (t) => {
  const clock = createFakeClock()
  const disk = new FakeDisk()
  const before = await openAuth(t, { clock, store: await openEmbeddedStore({ rows: disk.open(), clock }) })
  const first = await signIn(before.auth)
  const lost = await refresh(before.auth, first.refresh_token)
  // Killed: nothing is closed.
  await clock.advance(600_000)
  const store = await openEmbeddedStore({ rows: disk.open(), clock })
  t.after(() => store.close())
  const { auth } = await openAuth(t, { clock, store })
  clock.jumpWall(3_600_000)
  assert.equal((await refresh(auth, first.refresh_token)).refresh_token, lost.refresh_token)
  clock.jumpWall(-7_200_000)
  assert.equal((await refresh(auth, first.refresh_token)).refresh_token, lost.refresh_token)
  await clock.advance(61_000)
  await assert.rejects(refresh(auth, first.refresh_token), CODE)
})

test('while a rotation is on its way to the disk, who asks again waits for it as well', async (t) => {
  const clock = createFakeClock()
  const disk = new FakeDisk()
  const store = await openEmbeddedStore({ rows: disk.open(), clock })
  t.after(() => store.close())
  const { auth } = await openAuth(t, { clock, store })
  const { refresh_token } = await signIn(auth)
  disk.hold()
  let answers = 0
  const both = [1, 2].map(() => refresh(auth, refresh_token).finally(() => answers++))
  await clock.advance(100)
  assert.equal(answers, 0)
  disk.release()
  const [one, other] = await Promise.all(both)
  assert.equal(one?.refresh_token, other?.refresh_token)
})

test('a refresh that a failing disk refused gives its successor when it is asked for again', async (t) => {
  const clock = createFakeClock()
  const disk = new FakeDisk()
  const store = await openEmbeddedStore({ rows: disk.open(), clock })
  t.after(() => store.close())
  const { auth } = await openAuth(t, { clock, store })
  const { refresh_token } = await signIn(auth)
  disk.failure = new Error('EIO')
  const refused = assert.rejects(refresh(auth, refresh_token), { code: 'temporarily_unavailable' })
  await clock.advance(1000)
  await refused
  disk.failure = undefined
  await clock.advance(10_000)
  const next = await refresh(auth, refresh_token)
  assert.equal((await refresh(auth, next.refresh_token)).sub, 'alice')
})

test('no secret is stored: what the store has of a family leads to no refresh token', async (t) => {
  const clock = createFakeClock()
  const disk = new FakeDisk()
  const store = await openEmbeddedStore({ rows: disk.open(), clock })
  t.after(() => store.close())
  const { auth } = await openAuth(t, { clock, store })
  const first = await signIn(auth)
  const second = await refresh(auth, first.refresh_token)
  const rows = [...disk.table('families').values()].map(String).join()
  for (const token of [first.refresh_token ?? '', second.refresh_token ?? '']) {
    const [, secret = ''] = token.split('.')
    assert.equal(rows.includes(secret), false)
    assert.equal(rows.includes(Buffer.from(secret, 'base64url').toString()), false)
  }
})

/** Numbers, and texts and hash with their lengths in front: what the last release wrote, and nothing after it. */
const ROW_BYTES =
  8 + (4 + 22) + (4 + 'customer'.length) + (4 + 'alice'.length) + (4 + 32) + (4 + 'rtc'.length) + 16

test('a sign-in of the last release goes on: its token rotates, and its answer may be lost', async (t) => {
  const clock = createFakeClock()
  const disk = new FakeDisk()
  const before = await openAuth(t, { clock, store: await openEmbeddedStore({ rows: disk.open(), clock }) })
  const first = await signIn(before.auth)
  const second = await refresh(before.auth, first.refresh_token)
  for (const [key, row] of disk.table('families')) disk.table('families').set(key, row.subarray(0, ROW_BYTES))
  const store = await openEmbeddedStore({ rows: disk.open(), clock })
  t.after(() => store.close())
  const { auth } = await openAuth(t, { clock, store })
  const third = await refresh(auth, second.refresh_token)
  assert.equal((await refresh(auth, second.refresh_token)).refresh_token, third.refresh_token)
  assert.equal((await refresh(auth, third.refresh_token)).sub, 'alice')
})

type Scene = {
  readonly auth: Awaited<ReturnType<typeof openAuth>>['auth']
  readonly clock: Awaited<ReturnType<typeof openAuth>>['clock']
  readonly next: string | undefined
}
