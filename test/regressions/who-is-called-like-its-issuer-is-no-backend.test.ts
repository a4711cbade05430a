import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject, sign as signBytes } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import {
  isBackend,
  mayPublishEvents,
  organizationInSight,
  organizationOfStatistics,
  readableHistory,
  userInSight,
} from '../../server/src/auth/auth.ts'
import { forge, ISSUER, openAuth, signInBackend } from '../helpers/auth-fixture.ts'

const NAME = 'accounts.example.com'
const KEYS = generateKeyPairSync('rsa', { modulusLength: 2048 })

/** An issuer whose name is a valid id, and whose users choose what they are called. */
async function trustNamedIssuer(t: TestContext) {
  const jwk = { ...KEYS.publicKey.export({ format: 'jwk' }), kid: 'k', use: 'sig' }
  const fixture = await openAuth(t, {
    foreignIssuers: [
      {
        issuer: NAME,
        jwksUri: 'https://accounts.example.com/keys',
        audience: 'rollcall',
        algorithms: ['RS256'],
        claims: { userId: 'nickname' },
        organizationId: 'acme',
      },
    ],
    fetchJson: async () => ({ keys: [jwk] }),
  })
  const token = (claims: object) =>
    sign(KEYS.privateKey, {
      ...{ iss: NAME, aud: 'rollcall', exp: Math.floor(fixture.clock.wallMs() / 1000) + 600 },
      ...claims,
    })
  return { ...fixture, token }
}

function sign(key: KeyObject, claims: object): string {
  const text = [{ alg: 'RS256', kid: 'k' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${text}.${signBytes('sha256', Buffer.from(text), key).toString('base64url')}`
}

for (const claims of [
  { nickname: NAME },
  { nickname: NAME, client_id: NAME, azp: NAME, gty: 'client_credentials', sub: NAME },
])
  test(`a foreign user with ${JSON.stringify(claims)} has the rights of a user`, async (t) => {
    const { auth, token } = await trustNamedIssuer(t)
    const principal = await auth.authenticate(token(claims))
    assert.equal(principal.userId, NAME)
    assert.deepEqual([isBackend(principal), mayPublishEvents(principal)], [false, false])
    assert.deepEqual(readableHistory(principal, undefined), { organizationId: 'acme', involvedUserId: NAME })
    for (const ask of [
      () => userInSight(principal, 'alice', undefined),
      () => organizationOfStatistics(principal, undefined),
      () => organizationInSight(principal, undefined),
    ])
      assert.throws(ask, { code: 'forbidden' })
  })

test('a backend signed in by this server is one, with a token of the last release too', async (t) => {
  const { auth, clock } = await openAuth(t)
  const { access_token } = await signInBackend(auth)
  assert.equal(isBackend(await auth.authenticate(access_token)), true)
  const claims = { sub: 'acme-backend', userId: 'acme-backend', client_id: 'acme-backend', authorities: [] }
  assert.equal(isBackend(await auth.authenticate(forge(clock, { claims }))), true)
})

test('our own token that contradicts itself is refused', async (t) => {
  const { auth, clock } = await openAuth(t)
  for (const gty of ['client_credentials', 'password', '', null, true])
    await assert.rejects(async () => auth.authenticate(forge(clock, { claims: { gty } })), {
      code: 'unauthorized',
    })
  assert.equal(isBackend(await auth.authenticate(forge(clock, { claims: { iss: ISSUER } }))), false)
})
