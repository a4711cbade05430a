import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import {
  type AuthFixture,
  basic,
  openAuth,
  refresh,
  request,
  signIn,
  signInBackend,
  until,
} from '../../../../test/helpers/auth-fixture.ts'
import type { AuthOptions, Principal } from '../auth.ts'

const ALICE = { organizationId: 'acme', userId: 'alice' }

/** Two processes of one service: each has its own identity, and both have one store. */
async function openTwo(
  t: TestContext,
  options: Partial<Omit<AuthOptions, 'clock' | 'store'>> = {},
): Promise<readonly [here: AuthFixture, there: AuthFixture]> {
  const here = await openAuth(t, options)
  const there = await openAuth(t, { ...options, clock: here.clock, store: here.store })
  return [here, there]
}

/** Which of these principals are told of, and whether their tokens were refused by then. */
function listen({ auth }: AuthFixture, told: readonly (readonly [Principal, token: string])[]) {
  const heard: (readonly [userId: string, isStillGood: boolean])[] = []
  auth.onRevoked((isConcerned) => {
    for (const [principal, token] of told)
      if (isConcerned(principal)) heard.push([principal.userId, auth.isStillGood(token)])
  })
  return heard
}

async function visitors({ auth }: AuthFixture, tokens: readonly string[]) {
  return Promise.all(tokens.map(async (token) => [await auth.authenticate(token), token] as const))
}

async function assertRefused({ auth }: AuthFixture, token: string): Promise<void> {
  await assert.rejects(async () => auth.authenticate(token), { code: 'unauthorized' })
  assert.equal(auth.isStillGood(token), false)
}

describe('what one process revokes, another refuses at once, and its links hear of it', () => {
  it('a token', async (t) => {
    const [here, there] = await openTwo(t)
    const { access_token: alice } = await signIn(here.auth)
    const { access_token: bob } = await signIn(here.auth, 'bob')
    const heard = listen(there, await visitors(there, [alice, bob]))
    const before = there.auth.revocations()
    await here.auth.revoke(request({ token: alice }, basic('customer', '')))
    await assertRefused(there, alice)
    await there.auth.authenticate(bob)
    assert.deepEqual(heard, [['alice', false]])
    assert.ok(there.auth.revocations() > before, 'nothing is believed that was found before')
  })

  it('a sign-in whose refresh token was used twice', async (t) => {
    const [here, there] = await openTwo(t)
    const first = await signIn(here.auth)
    const second = await refresh(there.auth, first.refresh_token)
    await refresh(here.auth, second.refresh_token)
    const heard = listen(there, await visitors(there, [second.access_token]))
    await assert.rejects(refresh(here.auth, first.refresh_token), { code: 'invalid_grant' })
    await assertRefused(there, second.access_token)
    assert.deepEqual(heard, [['alice', false]])
  })

  it('all that a user has', async (t) => {
    const [here, there] = await openTwo(t)
    const { access_token: alice, refresh_token } = await signIn(there.auth)
    const { access_token: backend } = await signInBackend(there.auth)
    const heard = listen(there, await visitors(there, [alice, backend]))
    await here.auth.revokeUser(ALICE)
    await assertRefused(there, alice)
    await assert.rejects(refresh(there.auth, refresh_token), { code: 'invalid_grant' })
    assert.deepEqual(heard, [['alice', false]])
    await there.auth.authenticate((await signIn(there.auth)).access_token)
  })

  it('so many tokens of a user that all are revoked at once: none of them is good again anywhere', async (t) => {
    const revocations = { revocationsMax: 40 }
    const [here, there] = await openTwo(t, { revocations })
    const tokens: string[] = []
    for (let count = 0; count < 40; count++) tokens.push((await signIn(here.auth)).access_token)
    for (const token of tokens) {
      await here.auth.revoke(request({ token }, basic('customer', '')))
      await assertRefused(there, token)
    }
    for (const token of tokens) await assertRefused(there, token)
    assert.ok((await here.store.revokedTokens.list()).length < 40, 'they were made one')
    await there.auth.authenticate((await signIn(there.auth)).access_token)
  })

  it('and a listener that fails there stops nobody here', async (t) => {
    const [here, there] = await openTwo(t)
    const { access_token } = await signIn(here.auth)
    there.auth.onRevoked(() => Promise.reject(new Error('no')))
    await here.auth.revoke(request({ token: access_token }, basic('customer', '')))
    await assertRefused(there, access_token)
    await until(() => there.lines.some(({ message }) => message === 'a revocation was not followed'))
  })
})

it('a signing key that one process makes, or retires, is another’s too', async (t) => {
  const [here, there] = await openTwo(t)
  const [first] = await here.store.signingKeys.list()
  const { store: elsewhere } = await openAuth(t, { withoutKey: true })
  const [made] = await elsewhere.signingKeys.list()
  assert(first !== undefined && made !== undefined)
  await here.store.signingKeys.add({ ...made, createdAtWallMs: first.createdAtWallMs - 1 })
  await until(() => [here, there].every(({ auth }) => auth.jwks().keys.length === 2))
  await here.store.signingKeys.remove([first.keyId])
  assert.equal(there.auth.jwks().keys.length, 1)
  assert.deepEqual(there.auth.jwks(), here.auth.jwks())
  await there.auth.authenticate((await signIn(here.auth)).access_token)
})

it('a process that has closed is told nothing more', async (t) => {
  const [here, there] = await openTwo(t)
  const { access_token } = await signIn(here.auth)
  const heard = listen(there, await visitors(there, [access_token]))
  await there.auth.close()
  await here.auth.revokeUser(ALICE)
  assert.deepEqual(heard, [])
})
