import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { hashRandomSecret, hashSecret } from '../../server/src/auth/auth.ts'
import { openEmbeddedStore } from '../../server/src/store/embedded/embedded.ts'
import { forge, openAuth, refresh, signIn, signInBackend, until } from '../helpers/auth-fixture.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'
import { FakeDisk } from '../helpers/fake-disk.ts'
import { makeDataDir } from '../helpers/run-server.ts'

const PASSWORD = await hashSecret('alice-password')
const NEW_PASSWORD = await hashSecret('another')
const SECRET = 'a'.repeat(43)
const NEW_SECRET = 'b'.repeat(43)
const BOTH_SECRETS = [NEW_SECRET, SECRET].map(hashRandomSecret)

type Changes = { readonly alice?: object; readonly backend?: object; readonly customer?: object }

function directory({ alice, backend, customer }: Changes): string {
  return JSON.stringify({
    organizations: [{ id: 'acme' }],
    users: [
      {
        ...{ username: 'alice', passwordHash: PASSWORD, organizationId: 'acme' },
        ...{ authorities: ['ROLE_USER', 'AGENT'], ...alice },
      },
    ],
    clients: [
      {
        ...{ id: 'backend', secretHash: hashRandomSecret(SECRET), organizationId: 'acme' },
        ...{ authorities: ['BILLING'], grants: ['client_credentials'], ...backend },
      },
      { id: 'customer', public: true, grants: ['password', 'refresh_token'], ...customer },
    ],
  })
}

/** Identity over a directory file, which can be changed while it runs, and while it is down. */
async function openWithFile(t: TestContext) {
  const data = await makeDataDir()
  t.after(() => data.remove())
  const directoryFile = join(data.path, 'directory.json')
  const write = (changes: Changes) => writeFile(directoryFile, directory(changes), { mode: 0o600 })
  await write({})
  const clock = createFakeClock()
  const disk = new FakeDisk()
  const start = async () => {
    const store = await openEmbeddedStore({ rows: disk.open(), clock })
    t.after(() => store.close())
    return openAuth(t, { clock, store, directoryFile })
  }
  const first = await start()
  /** Puts the changes in force: at once, or at the next start. */
  async function change(changes: Changes, how: 'at once' | 'at the next start') {
    await write(changes)
    if (how === 'at the next start') return (await start()).auth
    const reloads = () => first.lines.filter(({ message }) => message === 'directory reloaded').length
    const before = reloads()
    for (let poll = 0; poll < 20 && reloads() === before; poll++) {
      await clock.advance(500)
      for (let turn = 0; turn < 100; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
    }
    await until(() => reloads() > before)
    return first.auth
  }
  return { ...first, change, disk, start, write }
}

type Fixture = Awaited<ReturnType<typeof openWithFile>>

const WAYS = ['at once', 'at the next start'] as const

async function stateOf(auth: Fixture['auth'], { alice, backend }: Awaited<ReturnType<typeof signInBoth>>) {
  const isRefreshed = refresh(auth, alice.refresh_token).then(
    () => true,
    () => false,
  )
  return {
    alice: auth.isStillGood(alice.access_token),
    sign_in: await isRefreshed,
    backend: auth.isStillGood(backend.access_token),
  }
}

async function signInBoth(auth: Fixture['auth']) {
  return { alice: await signIn(auth), backend: await signInBackend(auth, 'backend', SECRET) }
}

const ALL = { alice: true, sign_in: true, backend: true }
const NO_ALICE = { alice: false, sign_in: false, backend: true }
const NO_BACKEND = { alice: true, sign_in: true, backend: false }

const CASES: readonly (readonly [string, Changes, typeof ALL])[] = [
  ['nothing', {}, ALL],
  ['a new password', { alice: { passwordHash: NEW_PASSWORD } }, NO_ALICE],
  ['a removed authority', { alice: { authorities: ['ROLE_USER'] } }, NO_ALICE],
  ['an added authority', { alice: { authorities: ['NEW', 'AGENT', 'ROLE_USER'] } }, ALL],
  ['the password grant disabled', { customer: { grants: ['refresh_token'] } }, NO_ALICE],
  ['the refresh grant disabled', { customer: { grants: ['password'] } }, NO_ALICE],
  ['another order of grants', { customer: { grants: ['refresh_token', 'password'] } }, ALL],
  ['a new client secret', { backend: { secretHash: hashRandomSecret(NEW_SECRET) } }, NO_BACKEND],
  ['a second client secret', { backend: { secretHash: undefined, secrets: BOTH_SECRETS } }, ALL],
  ['an authority removed from a client', { backend: { authorities: [] } }, NO_BACKEND],
  ['the client grant disabled', { backend: { grants: ['password'] } }, NO_BACKEND],
]

for (const [what, changes, expected] of CASES)
  for (const how of WAYS)
    test(`${what}, ${how}: ${JSON.stringify(expected)}`, async (t) => {
      const { auth, change } = await openWithFile(t)
      const both = await signInBoth(auth)
      assert.deepEqual(await stateOf(await change(changes, how), both), expected)
    })

test('what has ended does not come back with what it rested on', async (t) => {
  for (const [what, changes] of CASES.filter(([, , expected]) => expected === NO_ALICE)) {
    const { auth, change } = await openWithFile(t)
    const both = await signInBoth(auth)
    await change(changes, 'at once')
    await change({}, 'at once')
    const { alice, sign_in } = await stateOf(auth, both)
    assert.deepEqual([alice, sign_in], [false, false], what)
    assert.equal((await signIn(auth)).sub, 'alice')
  }
})

test('links are told to end at once, of those who are concerned only', async (t) => {
  const { auth, change } = await openWithFile(t)
  const both = await signInBoth(auth)
  const alice = await auth.authenticate(both.alice.access_token)
  const backend = await auth.authenticate(both.backend.access_token)
  const heard: boolean[][] = []
  auth.onRevoked((isConcerned) => void heard.push([isConcerned(alice), isConcerned(backend)]))
  await change({ alice: { passwordHash: NEW_PASSWORD } }, 'at once')
  assert.deepEqual(heard, [[true, false]])
})

test('a sign-in of the last release goes on, and rests on what its next use finds', async (t) => {
  const { auth, clock, disk, start, write } = await openWithFile(t)
  const first = await signIn(auth)
  const basis = /[\w-]{16} ROLE_USER AGENT/
  for (const [key, row] of disk.table('families')) {
    const at = row.toString('latin1').search(basis)
    assert.ok(at > 0)
    // It ended before the basis, of whose length four bytes tell.
    disk.table('families').set(key, row.subarray(0, at - 4))
  }
  const old = forge(clock, { claims: { authorities: ['ROLE_USER'] } })
  const upgraded = await start()
  assert.equal(upgraded.auth.isStillGood(old), true, 'an access token without the claim')
  const second = await refresh(upgraded.auth, first.refresh_token)
  await write({ alice: { passwordHash: NEW_PASSWORD } })
  const later = await start()
  await assert.rejects(refresh(later.auth, second.refresh_token), { code: 'invalid_grant' })
})

test('a sign-in that begins while the password changes rests on the old one, and is over', async (t) => {
  const { auth, change, store } = await openWithFile(t)
  const { create } = store.refreshFamilies
  t.mock.method(store.refreshFamilies, 'create', async (...all: Parameters<typeof create>) => {
    await change({ alice: { passwordHash: NEW_PASSWORD } }, 'at once')
    return create(...all)
  })
  const { access_token, refresh_token } = await signIn(auth)
  assert.equal(auth.isStillGood(access_token), false)
  await assert.rejects(refresh(auth, refresh_token), { code: 'invalid_grant' })
})
