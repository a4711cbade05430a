import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { SignJWT } from 'jose'
import { type AuthFixture, openAuth, until } from '../../../../test/helpers/auth-fixture.ts'
import type { FakeClock } from '../../../../test/helpers/fake-clock.ts'

const ISS = 'https://id.example/realm'
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const otherRsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })

const jwkOf = (pair: typeof rsa, kid: string, rest: object = {}) => ({
  ...pair.publicKey.export({ format: 'jwk' }),
  kid,
  use: 'sig',
  ...rest,
})

/** An identity provider on loopback, whose answer may be changed. */
async function provider(test: TestContext) {
  const state = { requests: 0, answer: keysAnswer([jwkOf(rsa, 'k1')]) }
  const server = createServer((request, response) => {
    state.requests++
    state.answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  test.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return { state, jwksUri: `http://127.0.0.1:${port}/keys` }
}

function keysAnswer(keys: readonly object[], status = 200): RequestListener {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ keys }))
  }
}

async function trusting(test: TestContext, overrides: object = {}, directoryFile?: string) {
  const { state, jwksUri } = await provider(test)
  const issuer = {
    issuer: ISS,
    jwksUri,
    audience: 'rollcall',
    algorithms: ['RS256', 'ES256'],
    organizations: ['acme'],
  }
  const fixture = await openAuth(test, { directoryFile, foreignIssuers: [{ ...issuer, ...overrides }] })
  return { ...fixture, state, jwksUri }
}

type Minting = { readonly kid?: string; readonly alg?: string; readonly key?: typeof rsa }

function mint(clock: FakeClock, claims: object = {}, { kid = 'k1', alg = 'RS256', key = rsa }: Minting = {}) {
  const exp = Math.floor(clock.wallMs() / 1000) + 600
  return new SignJWT({ iss: ISS, sub: 'dave', organization_id: 'acme', aud: 'rollcall', exp, ...claims })
    .setProtectedHeader({ alg, kid })
    .sign(key.privateKey)
}

const assertRefused = ({ auth }: Pick<AuthFixture, 'auth'>, token: string) =>
  assert.rejects(async () => auth.authenticate(token), { code: 'unauthorized' })

test('a token of a configured issuer is accepted', async (t) => {
  const { auth, clock } = await trusting(t)
  const token = await mint(clock, { authorities: ['ROLE_USER'], azp: 'dave' })
  const principal = {
    organizationId: 'acme',
    userId: 'dave',
    clientId: ISS,
    isClient: false,
    authorities: ['ROLE_USER'],
    isService: false,
    expiresAtWallMs: clock.wallMs() + 600_000,
  }
  assert.deepEqual(await auth.authenticate(token), principal)
  assert.deepEqual(auth.authenticate(token), principal)
  assert.equal(auth.isStillGood(token), true)
  await clock.advance(600_000)
  await assertRefused({ auth }, token)
  assert.equal((await auth.authenticateStale(token)).expired, true)
})

test('userId wins over sub, and claims may be mapped', async (t) => {
  const { auth, clock } = await trusting(t)
  assert.equal((await auth.authenticate(await mint(clock, { userId: 'erin' }))).userId, 'erin')
  const claims = {
    userId: 'https://x.example/id',
    organizationId: ['org', 'id'],
    authorities: ['realm', 'roles'],
  }
  const mapped = await trusting(t, { claims })
  const token = await mint(mapped.clock, {
    'https://x.example/id': 'frank',
    org: { id: 'acme' },
    realm: { roles: 'one two' },
  })
  const principal = await mapped.auth.authenticate(token)
  assert.deepEqual(
    [principal.userId, principal.organizationId, principal.authorities],
    ['frank', 'acme', ['one', 'two']],
  )
  await assertRefused(mapped, await mint(mapped.clock, { org: { id: 'acme' } }))
  await assertRefused(mapped, await mint(mapped.clock, { 'https://x.example/id': 'frank', org: 'acme' }))
})

test('a token that says too little, too much or breaks the rules is refused', async (t) => {
  const fixture = await trusting(t)
  const nowSeconds = fixture.clock.wallMs() / 1000
  const wrong: object[] = [
    { sub: undefined },
    { sub: 'a/b' },
    { sub: '#' },
    { sub: 7 },
    { userId: '' },
    { organization_id: undefined },
    { organization_id: 'globex' },
    { organization_id: ['acme'] },
    { aud: undefined },
    { aud: 'another' },
    { aud: ['another', 7] },
    { exp: undefined },
    { exp: nowSeconds },
    { nbf: nowSeconds + 31 },
    { authorities: [7] },
    { iss: 'https://elsewhere.example' },
    { sub: 'acme-backend' },
  ]
  for (const claims of wrong) await assertRefused(fixture, await mint(fixture.clock, claims))
  const { auth, clock } = fixture
  await auth.authenticate(await mint(clock, { aud: ['another', 'rollcall'], nbf: nowSeconds + 30 }))
})

test('only the configured algorithms count, and only with a key that fits', async (t) => {
  const fixture = await trusting(t)
  const { auth, clock, state } = fixture
  await auth.authenticate(await mint(clock, { n: 1 }))
  state.answer = keysAnswer([
    jwkOf(rsa, 'k1'),
    jwkOf(otherRsa, 'k2', { alg: 'RS512' }),
    jwkOf(ec, 'e1'),
    jwkOf(rsa, 'enc', { use: 'enc' }),
  ])
  await clock.advance(600_000)
  await until(() => fixture.lines.filter(({ message }) => /fetched$/.test(message)).length === 2)
  await auth.authenticate(await mint(clock))
  await auth.authenticate(await mint(clock, {}, { kid: 'e1', alg: 'ES256', key: ec }))
  await assertRefused(fixture, await mint(clock, {}, { alg: 'RS512' }))
  await assertRefused(fixture, await mint(clock, {}, { alg: 'PS256' }))
  await assertRefused(fixture, await mint(clock, {}, { kid: 'k2', key: otherRsa }))
  await assertRefused(fixture, await mint(clock, {}, { kid: 'enc' }))
  await assertRefused(fixture, await mint(clock, {}, { kid: 'e1' }))
  await assertRefused(fixture, await mint(clock, {}, { key: otherRsa }))
  await assertRefused(fixture, await mint(clock, { iss: 'http://127.0.0.1:8080' }))
})

test('a key that is published twice is one, a private one is none, and what is no key harms no other', async (t) => {
  const fixture = await trusting(t)
  const { auth, clock, state, lines } = fixture
  await auth.authenticate(await mint(clock))
  const withSecret = { ...otherRsa.privateKey.export({ format: 'jwk' }), kid: 'leaked' }
  const noKeys = [7, null, [], {}, { kid: 'k3', kty: 'RSA', n: 'planted', e: 7 }]
  const twice = [jwkOf(rsa, 'k1', { x5t: 'a' }), jwkOf(rsa, 'k1', { x5t: 'b' })]
  state.answer = keysAnswer([...twice, withSecret, ...(noKeys as object[])])
  await clock.advance(600_000)
  await until(() => lines.filter(({ message }) => /fetched$/.test(message)).length === 2)
  await auth.authenticate(await mint(clock, { n: 2 }))
  await assertRefused(fixture, await mint(clock, {}, { kid: 'leaked', key: otherRsa }))
  await assertRefused(fixture, await mint(clock, {}, { kid: 'k3', key: otherRsa }))
})

test('SERVICE counts only where it is allowed', async (t) => {
  const plain = await trusting(t)
  const principal = await plain.auth.authenticate(await mint(plain.clock, { authorities: ['SERVICE', 'A'] }))
  assert.deepEqual(
    [principal.isService, principal.organizationId, principal.authorities],
    [false, 'acme', ['A']],
  )
  await assertRefused(
    plain,
    await mint(plain.clock, { authorities: ['SERVICE'], organization_id: undefined }),
  )
  const trusted = await trusting(t, { organizations: '*', allowService: true })
  const service = await trusted.auth.authenticate(
    await mint(trusted.clock, { authorities: ['ROLE_SERVICE'] }),
  )
  assert.deepEqual([service.isService, service.organizationId], [true, null])
})

test('being an administrator counts only where it is allowed', async (t) => {
  const authorities = ['ORGANIZATION_ADMIN', 'ROLE_ORGANIZATION_ADMIN', 'A']
  const plain = await trusting(t)
  assert.deepEqual((await plain.auth.authenticate(await mint(plain.clock, { authorities }))).authorities, [
    'A',
  ])
  const trusted = await trusting(t, { allowAdministrator: true })
  const admin = await trusted.auth.authenticate(await mint(trusted.clock, { authorities }))
  assert.deepEqual(admin.authorities, authorities)
})

test('a revoked user is refused by iat, to the second; without one always', async (t) => {
  const { auth, clock } = await trusting(t)
  const iat = () => ({ iat: Math.floor(clock.wallMs() / 1000) })
  await clock.advance(500)
  const [before, undated] = [await mint(clock, iat()), await mint(clock, { iat: undefined })]
  const { organizationId, userId } = await auth.authenticate(before)
  await auth.authenticate(undated)
  await auth.revokeUser({ organizationId: organizationId ?? '', userId })
  const refused = (token: string) =>
    assert.rejects(async () => auth.authenticate(token), { code: 'unauthorized' })
  await refused(before)
  await refused(undated)
  await refused(await mint(clock, iat()))
  await clock.advance(500)
  assert.equal((await auth.authenticate(await mint(clock, iat()))).userId, userId)
  await refused(await mint(clock, { iat: undefined, n: 2 }))
})

test('a fixed organization holds whatever the token says', async (t) => {
  const fixture = await trusting(t, { organizations: undefined, organizationId: 'acme' })
  const principal = await fixture.auth.authenticate(await mint(fixture.clock, { organization_id: 'globex' }))
  assert.equal(principal.organizationId, 'acme')
})

test('a new key is fetched once when a token names it; random names make no flood', async (t) => {
  const fixture = await trusting(t)
  const { auth, clock, state } = fixture
  await auth.authenticate(await mint(clock))
  assert.equal(state.requests, 1)
  state.answer = keysAnswer([jwkOf(rsa, 'k1'), jwkOf(otherRsa, 'k2')])
  const fresh = await mint(clock, {}, { kid: 'k2', key: otherRsa })
  await assertRefused(fixture, fresh)
  assert.equal(state.requests, 1)
  await clock.advance(30_000)
  const tokens = await Promise.all([1, 2, 3].map((n) => mint(clock, { n }, { kid: 'k2', key: otherRsa })))
  await Promise.all([fresh, ...tokens].map((token) => auth.authenticate(token)))
  assert.equal(state.requests, 2)
  for (const kid of ['x1', 'x2', '__proto__', 'constructor'])
    await assertRefused(fixture, await mint(clock, {}, { kid, key: otherRsa }))
  assert.equal(state.requests, 2)
})

test('the last good keys are kept while the issuer cannot be reached or talks nonsense', async (t) => {
  const fixture = await trusting(t)
  const { auth, clock, state, lines } = fixture
  await auth.authenticate(await mint(clock))
  const elsewhere = await provider(t)
  const failures: RequestListener[] = [
    (request) => request.socket.destroy(),
    keysAnswer([], 500),
    (_request, response) => response.end('<html>'),
    (_request, response) => response.end('{"keys": 7}'),
    (_request, response) => response.end(JSON.stringify({ keys: [], filler: 'x'.repeat(300_000) })),
    (_request, response) => response.writeHead(302, { location: elsewhere.jwksUri }).end(),
  ]
  for (const [index, failure] of failures.entries()) {
    state.answer = failure
    await clock.advance(600_000)
    await until(() => lines.filter(({ level }) => level === 'warn').length === index + 1)
    await auth.authenticate(await mint(clock, { n: index }))
  }
  assert.equal(elsewhere.state.requests, 0)
})

test('a key that is withdrawn is no longer believed, also for tokens seen before', async (t) => {
  const fixture = await trusting(t)
  const { auth, clock, state, lines } = fixture
  const token = await mint(clock, { exp: clock.wallMs() / 1000 + 86_400 })
  await auth.authenticate(token)
  state.answer = keysAnswer([jwkOf(otherRsa, 'k2')])
  await clock.advance(600_000)
  await until(() => lines.filter(({ message }) => /fetched$/.test(message)).length === 2)
  await assertRefused(fixture, token)
})

test('an issuer never reached lets nobody in, does not hold up the start, and is tried again', async (t) => {
  const { state, jwksUri } = await provider(t)
  const held: (() => void)[] = []
  const good = state.answer
  state.answer = (request, response) => void held.push(() => good(request, response))
  const issuer = { issuer: ISS, jwksUri, algorithms: ['RS256'], organizations: ['acme'] }
  const fixture = await openAuth(t, { foreignIssuers: [issuer] })
  assert.match(JSON.stringify(fixture.lines), /no audience configured/)
  const token = await mint(fixture.clock)
  const refused = assertRefused(fixture, token)
  await until(() => held.length === 1)
  await fixture.clock.advance(5000)
  await refused
  assert.match(JSON.stringify(fixture.lines), /did not answer within 5000 ms/)
  state.answer = good
  await fixture.clock.advance(5000)
  assert.equal((await fixture.auth.authenticate(await mint(fixture.clock))).userId, 'dave')
})

test('a directory user who is disabled stays out by every door', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-foreign-'))
  t.after(() => rm(folder, { recursive: true }))
  const users = ['dave', 'erin'].map((username) => ({
    username,
    passwordHash:
      '$argon2id$v=19$m=19456,t=2,p=1$13DsYDVOu2rDtLY6ijHV0w$y7j56EjuAEbXQo61BMdNEVBvtztflvZAeTU0KnrhHxA',
    organizationId: 'acme',
    enabled: username !== 'dave',
  }))
  const file = join(folder, 'directory.json')
  await writeFile(file, JSON.stringify({ organizations: [{ id: 'acme' }], users }))
  const fixture = await trusting(t, {}, file)
  await assertRefused(fixture, await mint(fixture.clock, { sub: 'dave' }))
  assert.equal((await fixture.auth.authenticate(await mint(fixture.clock, { sub: 'erin' }))).userId, 'erin')
  assert.equal((await fixture.auth.authenticate(await mint(fixture.clock, { sub: 'frank' }))).userId, 'frank')
})
