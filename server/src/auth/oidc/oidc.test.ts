import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { SignJWT, UnsecuredJWT } from 'jose'
import { openAuth, request } from '../../../../test/helpers/auth-fixture.ts'
import { FakeProvider } from '../../../../test/helpers/fake-provider.ts'
import { openStoredAuth } from '../../../../test/helpers/stored-directory.ts'
import type { AuthOptions, TokenVisitor } from '../auth.ts'
import { NO_WITNESS } from '../oauth/witness.ts'

const BACK = 'http://127.0.0.1:8080/console/'
const ROLES = { staff: ['ORGANIZATION_ADMIN'], people: 'ROLE_USER' }

type Told = readonly [outcome: string, visitor: TokenVisitor]

/** A provider, and identity that is configured to let its people in. */
async function open(t: TestContext, changes: object = {}, openWith: typeof openAuth = openAuth) {
  const provider = new FakeProvider()
  await provider.start()
  t.after(() => provider.stop())
  provider.claims = { roles: ['staff'], org: 'acme' }
  const told: Told[] = []
  const given = {
    openIdConnect: {
      issuer: provider.url,
      clientId: provider.clientId,
      claims: { organizationId: 'org' },
      organizations: ['acme', 'nowhere'],
      roles: ROLES,
      ...changes,
    },
    openIdConnectClientSecret: provider.clientSecret,
    issuer: () => 'http://127.0.0.1:8080',
    witness: {
      ...NO_WITNESS,
      signedIn: (visitor) => void told.push(['done', visitor]),
      failed: (visitor, code) => void told.push([code, visitor]),
      tokenRevoked: (visitor) => void told.push(['revoked', visitor]),
    },
  } satisfies Partial<AuthOptions>
  const fixture = await openWith(t, given)
  return { ...fixture, provider, told, given, ...visitor(fixture.auth.oidc) }
}

/** What page and browser do for one sign-in. */
function visitor(oidc: Awaited<ReturnType<typeof openAuth>>['auth']['oidc']) {
  const begin = async (): Promise<Record<string, string>> => {
    const verifier = random(32)
    const mine = { state: random(16), nonce: random(16) }
    const challenge = createHash('sha256').update(verifier).digest('base64url')
    const place = await oidc.authorize(request({ ...mine, code_challenge: challenge }))
    assert.equal(place.redirect_uri, BACK)
    const { headers } = await fetch(place.authorization_url, { redirect: 'manual' })
    const back = new URL(headers.get('location') ?? '')
    assert.equal(`${back.origin}${back.pathname}`, BACK)
    return { ...Object.fromEntries(back.searchParams), nonce: mine.nonce, code_verifier: verifier }
  }
  const finish = (given: Record<string, string>) => oidc.token(request(given))
  return { begin, finish, signIn: async () => finish(await begin()) }
}

const random = (bytes: number): string => randomBytes(bytes).toString('base64url')

test('whoever has a role that is configured gets a token of this server, with what the claims give', async (t) => {
  const { auth, signIn, told, provider } = await open(t)
  assert.deepEqual(auth.oidc.providers(), [{ name: new URL(provider.url).host }])
  const { access_token: token, refresh_token: refresh, expires_in, organization, sub } = await signIn()
  assert.deepEqual([refresh, expires_in, organization, sub], [undefined, 3600, 'acme', 'dora'])
  const { organizationId, userId, authorities, isClient, isService, clientId } =
    await auth.authenticate(token)
  assert.deepEqual(
    { organizationId, userId, authorities, isClient, isService, clientId },
    {
      organizationId: 'acme',
      userId: 'dora',
      authorities: ['ORGANIZATION_ADMIN'],
      isClient: false,
      isService: false,
      clientId: provider.url,
    },
  )
  assert.deepEqual(told, [
    [
      'done',
      {
        remoteAddress: '127.0.0.1',
        grant: 'authorization_code',
        user: { organizationId: 'acme', userId: 'dora' },
      },
    ],
  ])
  await auth.oidc.revoke(request({ token }))
  await assert.rejects(async () => auth.authenticate(token), { code: 'unauthorized' })
  assert.equal(told.at(-1)?.[0], 'revoked')
  await auth.oidc.revoke(request({ token: 'nonsense' }))
})

test('role SERVICE is given where it is configured, and belongs to no organization', async (t) => {
  const { auth, signIn, provider } = await open(t, { organizations: '*', roles: { ops: ['SERVICE'] } })
  provider.claims = { roles: 'none ops' }
  const { access_token: token, organization } = await signIn()
  assert.equal(organization, undefined)
  assert.equal((await auth.authenticate(token)).isService, true)
})

test('who is disabled in the directory stays out, whatever the provider says, and what is out of it ends a token', async (t) => {
  const { auth, signIn, provider } = await open(
    t,
    { organizations: '*', roles: { ...ROLES, ops: 'SERVICE' } },
    openStoredAuth,
  )
  const disable = (id: string) =>
    auth.directory.change(null, { kind: 'users', id }, { enabled: false }, revisionOf(id))
  const revisionOf = (id: string) => auth.directory.find(null, { kind: 'users', id }).revision ?? 0
  provider.claims = { ...provider.claims, sub: 'alice' }
  const { access_token: token } = await signIn()
  assert.equal(auth.isStillGood(token), true)
  await disable('alice')
  assert.equal(auth.isStillGood(token), false)
  await assert.rejects(signIn(), { code: 'access_denied' })
  provider.claims = { ...provider.claims, roles: ['ops'] }
  await assert.rejects(signIn(), { code: 'access_denied' }, 'neither as role SERVICE')
  const added = await auth.directory.add(null, 'organizations', { id: 'third' })
  provider.claims = { sub: 'tom', roles: ['staff'], org: 'third' }
  const { access_token: other } = await signIn()
  await auth.directory.remove(null, { kind: 'organizations', id: 'third' }, added.revision ?? 0)
  assert.equal(auth.isStillGood(other), false, 'its organization is gone')
})

test('nobody is let in by claims that are not known, and nobody is told why', async (t) => {
  const { signIn, provider, told, lines } = await open(t)
  const cases: readonly (readonly [claims: object, reason: string])[] = [
    [{ roles: undefined }, 'no_role'],
    [{ roles: ['Staff', 'admin', '__proto__', 'constructor'] }, 'no_role'],
    [{ roles: { staff: true } }, 'no_role'],
    [{ roles: [['staff']] }, 'no_role'],
    [{ org: undefined }, 'claims'],
    [{ org: 'globex' }, 'organization'],
    [{ org: 'nowhere' }, 'not_in_directory'],
    [{ org: ['acme'] }, 'claims'],
    [{ sub: 'a/b' }, 'claims'],
    [{ sub: 'x'.repeat(200) }, 'claims'],
    [{ sub: 'acme-backend' }, 'not_in_directory'],
  ]
  for (const [claims, reason] of cases) {
    provider.claims = { roles: ['staff'], org: 'acme', ...claims }
    await assert.rejects(signIn(), { code: 'access_denied', status: 403 }, JSON.stringify(claims))
    assert.deepEqual(lines.at(-1)?.fields, { reason }, JSON.stringify(claims))
    assert.equal(told.at(-1)?.[0], 'access_denied')
  }
  assert.doesNotMatch(JSON.stringify(lines), /acme-backend|Staff|globex/)
})

test('a provider that lies about issuer, audience, nonce, times, key or algorithm signs nobody in', async (t) => {
  const { signIn, provider, auth } = await open(t)
  const now = provider.now()
  for (const lie of [
    { nonce: 'another' },
    { nonce: undefined },
    { iss: 'https://evil.example' },
    { iss: `${provider.url}/` },
    { aud: 'another-client' },
    { aud: ['another-client'] },
    { aud: [provider.clientId, 'another'], azp: 'another' },
    { exp: now - 3600 },
    { exp: undefined },
    { iat: undefined },
    { sub: undefined },
    { nbf: now + 3600 },
  ]) {
    provider.claims = { roles: ['staff'], org: 'acme', ...lie }
    await assert.rejects(signIn(), { code: 'invalid_grant' }, JSON.stringify(lie))
  }
  provider.claims = { roles: ['staff'], org: 'acme' }
  const secret = new TextEncoder().encode(provider.clientSecret)
  for (const [what, make] of [
    ['none', async (claims: object) => new UnsecuredJWT({ ...claims }).encode()],
    [
      'HS256',
      (claims: object) => new SignJWT({ ...claims }).setProtectedHeader({ alg: 'HS256' }).sign(secret),
    ],
    ['cut', async (claims: Record<string, unknown>) => (await provider.sign(claims)).slice(0, -8)],
    ['unknown key', (claims: Record<string, unknown>) => provider.sign(claims, { kid: 'k2' })],
    ['no token', async () => 'x'],
  ] as const) {
    provider.idToken = make
    await assert.rejects(signIn(), { code: 'invalid_grant' }, what)
  }
  provider.idToken = undefined
  await auth.authenticate((await signIn()).access_token)
})

test('a code is good once, with its own verifier, nonce and state, and from its own issuer', async (t) => {
  const { begin, finish } = await open(t)
  const first = await begin()
  await finish(first)
  await assert.rejects(finish(first), { code: 'invalid_grant' })
  for (const [name, value] of [
    ['code_verifier', random(32)],
    ['nonce', random(16)],
    ['iss', 'https://evil.example'],
    ['code', 'made-up'],
  ] as const)
    await assert.rejects(finish({ ...(await begin()), [name]: value }), { code: 'invalid_grant' }, name)
  const { iss: _iss, ...withoutIssuer } = await begin()
  await assert.rejects(finish(withoutIssuer), { code: 'invalid_grant' })
  const [one, other] = [await begin(), await begin()]
  await assert.rejects(
    finish({ ...one, code: other['code'] ?? '' }),
    { code: 'invalid_grant' },
    'somebody else’s code',
  )
})

test('made-up codes fill no log: the same problem is a line a minute', async (t) => {
  const { begin, finish, lines, clock } = await open(t)
  const made = { ...(await begin()), code: 'made-up' }
  const told = () => lines.filter(({ message }) => message.includes('did not come about')).length
  for (let count = 0; count < 20; count++) await assert.rejects(finish(made))
  assert.equal(told(), 1)
  await clock.advance(60_000)
  await assert.rejects(finish(made))
  assert.equal(told(), 2)
})

test('what has a wrong form is refused before the provider is asked', async (t) => {
  const { auth, provider, begin, finish } = await open(t)
  const good = await begin()
  const asked = provider.asked.length
  for (const [name, value] of [
    ['state', 'short'],
    ['nonce', `${random(16)}<b>`],
    ['code', `a b`],
    ['code', 'x'.repeat(5_000)],
    ['code_verifier', 'x'],
    ['code_verifier', 'x'.repeat(200)],
    ['iss', 'x'.repeat(600)],
    ['state', ''],
  ] as const)
    await assert.rejects(
      finish({ ...good, [name]: value }),
      { code: 'invalid_request' },
      `${name} ${value.length}`,
    )
  for (const challenge of ['', 'x', '../'.repeat(15)]) {
    const begun = { state: random(16), nonce: random(16), code_challenge: challenge }
    await assert.rejects(auth.oidc.authorize(request(begun)), { code: 'invalid_request' })
  }
  assert.equal(provider.asked.length, asked)
})

test('a provider that is gone, leads elsewhere, is huge or answers nonsense is said to be, and is asked again', async (t) => {
  const { begin, signIn, provider, clock, lines } = await open(t)
  const huge = `{"x":"${'x'.repeat(300_000)}"}`
  const unavailable = { code: 'temporarily_unavailable', status: 503 }
  for (const [problem, answer] of [
    ['leads elsewhere', (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
    [
      /more than 262144 bytes/,
      (_, response) => response.setHeader('content-type', 'application/json').end(huge),
    ],
    ['could not be reached', (request) => request.socket.destroy()],
    [
      'OAUTH_RESPONSE_IS_NOT_JSON',
      (_, response) => response.setHeader('content-type', 'text/html').end('<b>'),
    ],
    ['OAUTH_RESPONSE_IS_NOT_CONFORM', (_, response) => response.writeHead(500).end()],
  ] as const satisfies readonly (readonly [
    string | RegExp,
    NonNullable<ReturnType<FakeProvider['instead']['get']>>,
  ])[]) {
    provider.instead.set('/.well-known/openid-configuration', answer)
    await assert.rejects(begin(), unavailable, String(problem))
    assert.match(String(Object(lines.at(-1)?.fields)['problem']), new RegExp(problem))
    const asked = provider.asked.length
    await assert.rejects(begin(), unavailable)
    assert.equal(provider.asked.length, asked, 'not at once again')
    await clock.advance(5_000)
  }
  provider.instead.clear()
  await signIn()
  provider.instead.set('/.well-known/openid-configuration', (_, response) => response.writeHead(500).end())
  await clock.advance(600_000)
  await signIn()
  provider.instead.set('/token', (_, response) => response.writeHead(302, { location: '/' }).end())
  await assert.rejects(signIn(), unavailable)
  provider.instead.set('/token', (_, response) =>
    response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":"invalid_client"}'),
  )
  await assert.rejects(signIn(), unavailable)
})

test('a provider that is slow is given up; until then so many wait for it, and few of them from one address', async (t) => {
  const { begin, provider, clock, auth } = await open(t)
  const begun = await begin()
  provider.instead.set('/token', () => undefined)
  const from = (remoteAddress: string) => auth.oidc.token({ ...request(begun), remoteAddress })
  const waiting: Promise<unknown>[] = []
  const wait = (remoteAddress: string) =>
    void waiting.push(assert.rejects(from(remoteAddress), { message: /cannot be asked now/ }))
  for (let count = 0; count < 8; count++) wait('192.0.2.1')
  const full = { code: 'temporarily_unavailable', message: /^Too many sign-ins wait/ }
  await assert.rejects(from('192.0.2.1'), full)
  for (let address = 2; address <= 8; address++)
    for (let count = 0; count < 8; count++) wait(`192.0.2.${address}`)
  await assert.rejects(from('192.0.2.9'), full)
  while (provider.asked.filter((path) => path === '/token').length < 64) await new Promise(setImmediate)
  await clock.advance(5_000)
  await Promise.all(waiting)
  provider.instead.clear()
  assert.equal((await from('192.0.2.9')).sub, 'dora', 'there is room again')
})

test('a provider that calls itself otherwise, or signs people in at a place that is none, is not used', async (t) => {
  const { begin, provider, clock } = await open(t)
  const metadata = (changes: object) => {
    const { url } = provider
    const usual = { issuer: url, authorization_endpoint: `${url}/authorize`, token_endpoint: `${url}/token` }
    provider.instead.set('/.well-known/openid-configuration', (_, response) =>
      response
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify({ ...usual, jwks_uri: `${url}/jwks`, ...changes })),
    )
  }
  for (const changes of [
    { issuer: 'https://evil.example' },
    { issuer: `${provider.url}/` },
    { authorization_endpoint: 'javascript:alert(1)' },
    { authorization_endpoint: 'http://evil.example/authorize' },
    { authorization_endpoint: undefined },
  ]) {
    metadata(changes)
    await assert.rejects(
      begin(),
      (error: Error) => /invalid_grant|temporarily_unavailable/.test(Reflect.get(error, 'code')),
      JSON.stringify(changes),
    )
    await clock.advance(600_000)
  }
})

test('a token ends with its organization, with the settings it was given by, and as any other is revoked', async (t) => {
  const { auth, signIn, given, store, clock } = await open(t)
  const { access_token: token } = await signIn()
  const again = async (changes: object) => {
    const settings = { ...given.openIdConnect, ...changes }
    const other = await openAuth(t, { ...given, store, clock, openIdConnect: settings })
    return other.auth
  }
  assert.equal((await (await again({ name: 'Another name' })).authenticate(token)).userId, 'dora')
  for (const changes of [
    { roles: { staff: 'ROLE_USER' } },
    { organizations: ['globex'] },
    { clientId: 'another' },
  ]) {
    const other = await again(changes)
    await assert.rejects(
      async () => other.authenticate(token),
      { code: 'unauthorized' },
      JSON.stringify(changes),
    )
  }
  const { openIdConnect: _, openIdConnectClientSecret: _secret, ...others } = given
  const without = await openAuth(t, { ...others, store, clock })
  await assert.rejects(async () => without.auth.authenticate(token), { code: 'unauthorized' })
  assert.deepEqual(without.auth.oidc.providers(), [])
  await assert.rejects(without.auth.oidc.token(request({})), { code: 'unsupported_grant_type' })
  await auth.revokeUser({ organizationId: 'acme', userId: 'dora' })
  await assert.rejects(async () => auth.authenticate(token), { code: 'unauthorized' })
  await auth.authenticate((await signIn()).access_token)
})
