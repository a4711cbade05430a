import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { basic, openAuth, refresh, request, signIn } from '../../../../test/helpers/auth-fixture.ts'
import { createFakeClock } from '../../../../test/helpers/fake-clock.ts'
import type { Admission, Stake } from '../auth.ts'
import { ADMIT_ALL } from './admission.ts'
import { NO_WITNESS } from './witness.ts'

/** What was charged and settled, in order; `refuses` is what is turned away. */
function recording(refuses: readonly string[] = []) {
  const told: string[] = []
  const charge = (what: string): Stake => {
    told.push(what)
    if (refuses.includes(what)) throw new RollcallError('rate_limited', undefined, { retryAfterSeconds: 7 })
    return { charge: (outcome) => void told.push(`${what}: ${outcome}`) }
  }
  const admission: Admission = {
    arrived: (remoteAddress) => ({ ...charge(remoteAddress), place: remoteAddress }),
    identified: ({ id, isPublic }) => charge(`${id}${isPublic ? ' (public)' : ''}`),
    tried: (username) => charge(username),
    isHeldOff: () => false,
  }
  return { told, admission }
}

test('a password is charged to the address, then the client, then the user, before it is looked at', async (t) => {
  const { told, admission } = recording()
  const { auth } = await openAuth(t, { admission })
  await signIn(auth)
  assert.deepEqual(told, [
    ...['127.0.0.1', 'customer (public)', 'alice'],
    ...['127.0.0.1: succeeded', 'customer (public): succeeded', 'alice: succeeded'],
  ])
})

test('wrong passwords, secrets and refresh tokens are wrong; other mistakes are refused', async (t) => {
  const { told, admission } = recording()
  const { auth } = await openAuth(t, { admission })
  const outcomeOf = async (asking: Promise<unknown>): Promise<string | undefined> => {
    await assert.rejects(asking)
    return told.findLast((line) => line.startsWith('127.0.0.1: '))?.slice('127.0.0.1: '.length)
  }
  const wrongSecret = basic('acme-backend', 'guess')
  assert.equal(await outcomeOf(signIn(auth, 'alice', 'guess')), 'wrong')
  assert.ok(told.includes('alice: wrong'))
  assert.equal(await outcomeOf(refresh(auth, 'nonsense')), 'wrong')
  assert.equal(
    await outcomeOf(auth.token(request({ grant_type: 'client_credentials' }, wrongSecret))),
    'wrong',
  )
  assert.equal(await outcomeOf(auth.revoke(request({ token: 'x' }, wrongSecret))), 'wrong')
  for (const form of [{ grant_type: 'password' }, { grant_type: 'x' }, {}])
    assert.equal(await outcomeOf(auth.token(request(form, basic('customer', '')))), 'refused')
})

test("no user's and no client's bucket is touched before the client is known and may ask", async (t) => {
  const { told, admission } = recording()
  const { auth } = await openAuth(t, { admission })
  const password = { grant_type: 'password', username: 'alice', password: 'guess' }
  const asking = [
    request(password),
    request(password, basic('nobody', 'nothing')),
    request(password, basic('acme-backend', 'guess')),
    // It has shown its secret, and may not sign users in.
    request(password, basic('acme-backend', 'acme-secret')),
    request({ grant_type: 'x' }, basic('customer', '')),
    request({}, basic('customer', '')),
  ]
  for (const one of asking) await assert.rejects(auth.token(one))
  const touched = new Set(told.map((line) => line.replace(/: .*/, '')))
  assert.deepEqual([...touched], ['127.0.0.1'])
})

test('whoever is turned away is told so in the form of RFC 6749, before a password is looked at', async (t) => {
  const { admission } = recording(['alice', 'acme-backend'])
  const { auth } = await openAuth(t, { admission })
  const refused = { name: 'OAuthError', code: 'rate_limited', status: 429, retryAfterSeconds: 7 }
  await assert.rejects(signIn(auth), refused)
  await assert.rejects(auth.revoke(request({ token: 'x' }, basic('acme-backend', 'acme-secret'))), refused)
})

test('sign-ins that are held off are told once in a quarter of an hour, and only of users that there are', async (t) => {
  const clock = createFakeClock()
  const told: string[] = []
  const { auth, lines } = await openAuth(t, {
    clock,
    admission: { ...ADMIT_ALL, isHeldOff: () => true },
    witness: { ...NO_WITNESS, heldOff: ({ user, clientId }) => void told.push(`${user.userId} ${clientId}`) },
  })
  const guess = (name: string) => assert.rejects(signIn(auth, name, 'guess'))
  for (const name of ['alice', 'alice', 'nobody', 'bob']) await guess(name)
  assert.deepEqual(told, ['alice customer', 'bob customer'])
  await clock.advance(15 * 60_000 - 1)
  await guess('alice')
  assert.equal(told.length, 2)
  await clock.advance(1)
  await guess('alice')
  assert.equal(told.length, 3)
  const warnings = lines.filter(({ message }) => message.startsWith('sign-ins of a user are held off'))
  assert.equal(warnings.length, 3)
  assert.doesNotMatch(JSON.stringify(warnings), /guess|nobody/)
})

test('who signed in, failed and ended a token is told, and never what was typed', async (t) => {
  const told: (readonly [string, unknown])[] = []
  const { auth } = await openAuth(t, {
    witness: {
      ...NO_WITNESS,
      signedIn: (visitor) => void told.push(['in', visitor]),
      failed: (visitor, code) => void told.push([code, visitor]),
      tokenRevoked: (visitor) => void told.push(['revoked', visitor]),
    },
  })
  const from = { remoteAddress: '127.0.0.1' }
  const customer = { ...from, clientId: 'customer' }
  const alice = { organizationId: 'acme', userId: 'alice' }
  const { access_token } = await signIn(auth)
  await auth.revoke(request({ token: access_token }, basic('customer', '')))
  await auth.revoke(request({ token: 'no-token' }, basic('customer', '')))
  await assert.rejects(signIn(auth, 'alice', 'my-typed-secret'))
  await assert.rejects(signIn(auth, 'my-typed-secret', 'alice'))
  await assert.rejects(auth.token(request({ grant_type: 'my-typed-secret' }, basic('my-typed-secret', 'x'))))
  await assert.rejects(auth.token(request({ grant_type: 'client_credentials' }, basic('acme-backend', 'x'))))
  assert.deepEqual(told, [
    ['in', { ...customer, grant: 'password', user: alice }],
    ['revoked', { ...customer, user: alice }],
    ['invalid_grant', { ...customer, grant: 'password', user: alice }],
    ['invalid_grant', { ...customer, grant: 'password' }],
    ['invalid_client', from],
    ['invalid_client', { ...from, clientId: 'acme-backend' }],
  ])
})
