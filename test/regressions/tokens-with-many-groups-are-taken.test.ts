import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import type { AuthOptions } from '../../server/src/auth/auth.ts'
import { ask } from '../helpers/ask.ts'
import { openAuth, until } from '../helpers/auth-fixture.ts'
import type { FakeClock } from '../helpers/fake-clock.ts'
import { openHttp } from '../helpers/http-fixture.ts'
import { connectClient } from '../helpers/mqtt-client.ts'
import { openMqtt } from '../helpers/mqtt-fixture.ts'

const ISS = 'https://id.example'
const first = generateKeyPairSync('rsa', { modulusLength: 2048 })
const second = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
type Pair = typeof first

const jwk = (pair: Pair, kid?: string) => ({
  ...pair.publicKey.export({ format: 'jwk' }),
  ...(kid === undefined ? {} : { kid }),
})

/** Identity that trusts an issuer whose keys may be changed. */
async function trusting(t: TestContext, keys: object[], overrides: Pick<AuthOptions, 'tokenBytesMax'> = {}) {
  const published = { keys, fetched: 0 }
  const foreignIssuers = [
    { issuer: ISS, jwksUri: `${ISS}/keys`, algorithms: ['RS256', 'ES256'], organizations: ['acme'] },
  ]
  const fetchJson = async () => {
    published.fetched++
    return { keys: published.keys }
  }
  const fixture = await openAuth(t, { foreignIssuers, fetchJson, ...overrides })
  await until(() => fixture.lines.some(({ message }) => message.startsWith('keys of a foreign issuer')))
  const reasons = () =>
    fixture.lines
      .filter(({ message }) => message === 'token refused')
      .map(({ fields }) => Object(fields).reason)
  return { ...fixture, published, reasons }
}

type Minting = { readonly kid?: string; readonly key?: Pair }

function mint(clock: FakeClock, claims: object = {}, { kid, key = first }: Minting = {}): string {
  const exp = Math.floor(clock.wallMs() / 1000) + 6000
  const header = { alg: 'RS256', ...(kid === undefined ? {} : { kid }) }
  const signed = [header, { iss: ISS, sub: 'dave', organization_id: 'acme', exp, ...claims }]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${signed}.${sign('sha256', Buffer.from(signed), key.privateKey).toString('base64url')}`
}

const refused = { code: 'unauthorized' }

test('a token with hundreds of groups, 9 to 12 KB, is taken', async (t) => {
  const { auth, clock } = await trusting(t, [jwk(first, 'k1')])
  for (const count of [101, 400, 500]) {
    const authorities = Array.from({ length: count }, (_, index) => `group-${index}-${'x'.repeat(6)}`)
    const token = mint(clock, { authorities }, { kid: 'k1' })
    assert.deepEqual((await auth.authenticate(token)).authorities, authorities)
  }
  const long = `urn:${'x'.repeat(9000)}`
  assert.deepEqual(
    (await auth.authenticate(mint(clock, { authorities: [long] }, { kid: 'k1' }))).authorities,
    [long],
  )
})

test('the bound of a token can be configured', async (t) => {
  const { auth, clock, reasons } = await trusting(t, [jwk(first, 'k1')], { tokenBytesMax: 1024 })
  await auth.authenticate(mint(clock, {}, { kid: 'k1' }))
  await assert.rejects(
    async () => auth.authenticate(mint(clock, { filler: 'x'.repeat(600) }, { kid: 'k1' })),
    refused,
  )
  assert.deepEqual(reasons().slice(-1), ['too_large'])
})

test('a token without kid is taken while its issuer has one key that fits', async (t) => {
  for (const keys of [[jwk(first, 'k1')], [jwk(first)], [jwk(first, 'k1'), jwk(ec, 'k2')]]) {
    const { auth, clock } = await trusting(t, keys)
    assert.equal((await auth.authenticate(mint(clock))).userId, 'dave')
  }
})

test('a token without kid is refused while two keys would fit, or none', async (t) => {
  for (const keys of [[jwk(first, 'k1'), jwk(second, 'k2')], [jwk(ec, 'k1')], []]) {
    const { auth, clock, reasons } = await trusting(t, keys)
    await assert.rejects(async () => auth.authenticate(mint(clock)), refused)
    assert.equal(reasons().at(-1), 'key_unnamed')
  }
})

test('a token without kid that another key has signed is refused, and asks the issuer at most every 30 s', async (t) => {
  const { auth, clock, reasons, published } = await trusting(t, [jwk(first, 'k1')])
  for (let times = 0; times < 3; times++)
    await assert.rejects(async () => auth.authenticate(mint(clock, { times }, { key: second })), refused)
  assert.equal(reasons().at(-1), 'signature')
  assert.equal(published.fetched, 1)
  published.keys = [jwk(second, 'k2')]
  await clock.advance(30_000)
  assert.equal((await auth.authenticate(mint(clock, {}, { key: second }))).userId, 'dave')
})

test('headers and CONNECT have room for the longest token and the rest', async (t) => {
  const token = `a.${'b'.repeat(16_384 - 4)}.c`
  const { listen } = await openHttp(t)
  const headers = { authorization: `Bearer ${token}`, cookie: 'x'.repeat(8_000) }
  assert.equal((await ask(await listen(), 'GET /rtc-api/users/endpoints', { headers })).status, 401)
  const mqtt = await openMqtt(t)
  mqtt.auth.add(token, 'alice')
  for (const via of ['ws', 'tcp'] as const)
    for (const protocolVersion of [4, 5] as const) {
      const will = { topic: 'a/b', payload: Buffer.alloc(8_000), qos: 0 as const, retain: false }
      const credentials = { username: 'alice', password: token, clientId: `${via}${protocolVersion}` }
      const { connack } = await connectClient(t, mqtt, { via, protocolVersion, ...credentials, will })
      assert.equal(connack.returnCode ?? connack.reasonCode, 0)
    }
})
