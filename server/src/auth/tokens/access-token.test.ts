import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { type AuthFixture, forge, openAuth, TEST_KEY } from '../../../../test/helpers/auth-fixture.ts'

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Refused by every way of showing it, at first sight and again, with nothing told. */
async function assertRefused({ auth, lines }: AuthFixture, token: string, reason: string): Promise<void> {
  for (let time = 0; time < 2; time++) {
    await assert.rejects(
      async () => auth.authenticate(token),
      (error: unknown) =>
        error instanceof RollcallError &&
        error.code === 'unauthorized' &&
        error.message === 'A valid bearer token is required.' &&
        error.cause === undefined,
    )
    const last = lines.at(-1)
    assert.deepEqual([last?.level, last?.fields], ['debug', { reason }], token.slice(0, 200))
  }
  await assert.rejects(auth.authenticateStale(token), { code: 'unauthorized' })
}

test('a genuine token is accepted', async (t) => {
  const { auth, clock } = await openAuth(t)
  assert.equal((await auth.authenticate(forge(clock))).userId, 'alice')
})

test('a token without a signature is refused, however "none" is spelt', async (t) => {
  const fixture = await openAuth(t)
  const [header, payload, signature] = forge(fixture.clock).split('.')
  for (const alg of ['none', 'None', 'NONE', 'nOnE', '']) {
    const unsigned = encode({ alg, typ: 'JWT', kid: 'test-key' })
    await assertRefused(fixture, `${unsigned}.${payload}.`, 'malformed')
    await assertRefused(fixture, `${unsigned}.${payload}.${signature}`, 'algorithm')
  }
  await assertRefused(fixture, `${header}.${payload}.`, 'malformed')
  await assertRefused(fixture, `${header}.${payload}`, 'malformed')
})

test('HS256 with the public key as its secret is refused, and so is any other algorithm', async (t) => {
  const fixture = await openAuth(t)
  const [, payload] = forge(fixture.clock).split('.')
  const jwk = JSON.stringify(fixture.auth.jwks().keys[0])
  for (const secret of [TEST_KEY.publicKey, TEST_KEY.publicKey.trim(), jwk]) {
    const signed = `${encode({ alg: 'HS256', typ: 'JWT', kid: 'test-key' })}.${payload}`
    const mac = createHmac('sha256', secret).update(signed).digest('base64url')
    await assertRefused(fixture, `${signed}.${mac}`, 'algorithm')
  }
  for (const alg of ['RS512', 'PS256', 'ES256']) {
    const [, body, signature] = forge(fixture.clock).split('.')
    await assertRefused(fixture, `${encode({ alg, kid: 'test-key' })}.${body}.${signature}`, 'algorithm')
  }
})

test('a token of another key is refused, whatever its header offers', async (t) => {
  const fixture = await openAuth(t)
  const { generateKeyPairSync } = await import('node:crypto')
  const mine = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const privateKeyPem = mine.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const jwk = { ...mine.publicKey.export({ format: 'jwk' }), kid: 'test-key' }
  const { clock } = fixture
  await assertRefused(fixture, forge(clock, { privateKeyPem }), 'signature')
  await assertRefused(fixture, forge(clock, { privateKeyPem, header: { jwk } }), 'signature')
  const jku = 'http://127.0.0.1:9/keys'
  await assertRefused(fixture, forge(clock, { privateKeyPem, header: { kid: 'mine', jku } }), 'key_unknown')
})

test('key ids named like properties of every object name nothing', async (t) => {
  const fixture = await openAuth(t)
  for (const kid of ['__proto__', 'constructor', 'toString', ''])
    await assertRefused(fixture, forge(fixture.clock, { header: { kid } }), 'key_unknown')
  await assertRefused(fixture, forge(fixture.clock, { header: { kid: undefined } }), 'key_unknown')
  for (const kid of [7, null, {}])
    await assertRefused(fixture, forge(fixture.clock, { header: { kid } }), 'malformed')
})

test('critical header parameters are refused, also those the library knows', async (t) => {
  const fixture = await openAuth(t)
  const [, payload, signature] = forge(fixture.clock).split('.')
  for (const crit of [['exp'], ['b64'], [], null]) {
    const header = encode({ alg: 'RS256', kid: 'test-key', crit, b64: true, exp: 1 })
    await assertRefused(fixture, `${header}.${payload}.${signature}`, 'critical_header')
  }
  const known = forge(fixture.clock, { header: { crit: ['b64'], b64: true } })
  await assertRefused(fixture, known, 'critical_header')
})

test('what is not a JWS in compact form is refused', async (t) => {
  const fixture = await openAuth(t)
  const token = forge(fixture.clock)
  const [header, payload, signature] = token.split('.')
  const malformed = ['', '.', '..', '...', 'a', 'a.b.c', ` ${token}`, `${token} `, `${token}.`, `${token}=`]
  const bodies = ['null', '[]', '1', '"x"', '{', '\u{feff}{}'].map((text) =>
    Buffer.from(text).toString('base64url'),
  )
  const notUtf8 = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]).toString('base64url')
  for (const text of [...malformed, ...[...bodies, notUtf8].map((body) => `${header}.${body}.${signature}`)])
    await assertRefused(fixture, text, 'malformed')
  for (const body of bodies) await assertRefused(fixture, `${body}.${payload}.${signature}`, 'malformed')
  await assertRefused(fixture, 'a'.repeat(16_385), 'too_large')
  await assertRefused(fixture, forge(fixture.clock, { claims: { filler: 'a'.repeat(12_400) } }), 'too_large')
})

test('another spelling of the same signature is refused', async (t) => {
  const fixture = await openAuth(t)
  const token = forge(fixture.clock)
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = alphabet.indexOf(token.slice(-1))
  await fixture.auth.authenticate(token)
  await assertRefused(fixture, token.slice(0, -1) + alphabet[last ^ 1], 'malformed')
})

test('a changed claim is refused', async (t) => {
  const fixture = await openAuth(t)
  const [header, , signature] = forge(fixture.clock).split('.')
  const [, bob] = forge(fixture.clock, { claims: { sub: 'bob', userId: 'bob' } }).split('.')
  await assertRefused(fixture, `${header}.${bob}.${signature}`, 'signature')
})

test('claims that are missing or of the wrong form are refused, even when signed', async (t) => {
  const fixture = await openAuth(t)
  const nowSeconds = fixture.clock.wallMs() / 1000
  const wrong: Record<string, unknown>[] = [
    { exp: undefined },
    { exp: String(nowSeconds + 60) },
    { exp: null },
    { exp: -1 },
    { exp: 1e300 },
    { iat: undefined },
    { nbf: 'soon' },
    { jti: undefined },
    { jti: 7 },
    { jti: '' },
    { client_id: undefined },
    { client_id: 'a/b' },
    { organization_id: undefined },
    { organization_id: 7 },
    { organization_id: 'a#' },
    { authorities: 'ROLE_USER' },
    { authorities: [7] },
    { sid: 7 },
    { sub: 'bob' },
    { sub: undefined },
    { userId: undefined },
  ]
  const ids = [7, ['alice'], '', 'a+', 'a#', 'a/b', '$a', 'a\u0000', '\ud800', 'a'.repeat(129)]
  for (const claims of [...wrong, ...ids.map((id) => ({ sub: id, userId: id }))])
    await assertRefused(fixture, forge(fixture.clock, { claims }), 'claims')
})

test('a foreign, missing or mistyped issuer is refused', async (t) => {
  const fixture = await openAuth(t)
  for (const iss of [undefined, 'https://elsewhere.example', 'http://127.0.0.1:8080/', 7, null, '__proto__'])
    await assertRefused(fixture, forge(fixture.clock, { claims: { iss } }), 'issuer_unknown')
})

test('a token ends at its time exactly, and none begins before its time', async (t) => {
  const fixture = await openAuth(t)
  const { auth, clock } = fixture
  const token = forge(clock)
  const early = forge(clock, { claims: { nbf: clock.wallMs() / 1000 + 1 } })
  await assertRefused(fixture, early, 'not_yet_valid')
  await clock.advance(1000)
  await auth.authenticate(early)
  await clock.advance(3_598_999)
  await auth.authenticate(token)
  await clock.advance(1)
  await assert.rejects(async () => auth.authenticate(token), { code: 'unauthorized' })
})

test('a token signed for somebody who is not there, or not so, is refused', async (t) => {
  const fixture = await openAuth(t)
  for (const claims of [
    { sub: 'mallory', userId: 'mallory' },
    { sub: '__proto__', userId: '__proto__' },
    { organization_id: 'globex' },
    { client_id: 'nobody' },
    { client_id: 'constructor' },
    { authorities: ['ROLE_SERVICE'] },
    { authorities: ['ROLE_USER', 'ROLE_ADMIN'] },
  ])
    await assertRefused(fixture, forge(fixture.clock, { claims }), 'not_in_directory')
})
