import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import {
  basic,
  ISSUER,
  openAuth,
  partOf,
  refresh,
  request,
  signIn,
  signInBackend,
} from '../../../../test/helpers/auth-fixture.ts'
import { hashRandomSecret, hashSecret } from '../auth.ts'
import { demoDirectory } from '../directory/demo-directory.ts'
import { credentialOf } from '../tokens/sign-in-basis.ts'

async function directoryWith(test: TestContext, directory: object): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-auth-'))
  test.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'directory.json')
  await writeFile(file, JSON.stringify(directory))
  return file
}

test('a script signs in by URL query or form body', async (t) => {
  const { auth } = await openAuth(t)
  const answer = await signInBackend(auth)
  assert.deepEqual(
    { ...answer, access_token: typeof answer.access_token, jti: typeof answer.jti },
    {
      access_token: 'string',
      token_type: 'bearer',
      expires_in: 3600,
      scope: 'rtc',
      jti: 'string',
      sub: 'acme-backend',
      userId: 'acme-backend',
      organization: 'acme',
      organization_id: 'acme',
    },
  )
})

test('a script signs in by HTTP Basic', async (t) => {
  const { auth } = await openAuth(t)
  const answer = await auth.token(
    request({ grant_type: 'client_credentials' }, basic('acme-backend', 'acme-secret')),
  )
  assert.equal(answer.sub, 'acme-backend')
  assert.equal(answer.refresh_token, undefined)
})

test('the access token holds the documented claims and nothing else', async (t) => {
  const { auth, clock } = await openAuth(t)
  const { access_token, jti } = await signInBackend(auth)
  const iat = clock.wallMs() / 1000
  assert.deepEqual(partOf(access_token, 0), { alg: 'RS256', typ: 'JWT', kid: 'test-key' })
  assert.deepEqual(partOf(access_token, 1), {
    iss: ISSUER,
    sub: 'acme-backend',
    userId: 'acme-backend',
    organization_id: 'acme',
    authorities: [],
    client_id: 'acme-backend',
    gty: 'client_credentials',
    crd: credentialOf(demoDirectory().clients.get('acme-backend')?.secretHashes[0]),
    scope: 'rtc',
    jti,
    iat,
    exp: iat + 3600,
  })
})

test('a SERVICE client speaks for no organization', async (t) => {
  const { auth } = await openAuth(t)
  const answer = await signInBackend(auth, 'platform-service', 'service-secret')
  assert.equal('organization' in answer, false)
  const principal = await auth.authenticate(answer.access_token)
  assert.deepEqual([principal.isService, principal.organizationId], [true, null])
})

test('a phone signs in with a public client, an empty secret and fields of its own', async (t) => {
  const { auth, clock } = await openAuth(t)
  const fields = { username: 'alice', password: 'alice-password', ticket: 'x', conference: 'y' }
  const answer = await auth.token(request({ grant_type: 'password', ...fields }, basic('customer', '')))
  assert.deepEqual([answer.sub, answer.organization], ['alice', 'acme'])
  assert.match(answer.refresh_token ?? '', /^[\w-]{22}\.[\w-]{43}$/)
  assert.deepEqual(await auth.authenticate(answer.access_token), {
    organizationId: 'acme',
    userId: 'alice',
    clientId: 'customer',
    isClient: false,
    authorities: ['ROLE_USER'],
    isService: false,
    expiresAtWallMs: clock.wallMs() + 3_600_000,
  })
})

test('a public client may name itself in the body, with an empty secret or none', async (t) => {
  const { auth } = await openAuth(t)
  const user = { grant_type: 'password', username: 'bob', password: 'bob-password', client_id: 'customer' }
  assert.equal((await auth.token(request(user))).sub, 'bob')
  assert.equal((await auth.token(request({ ...user, client_secret: '' }))).sub, 'bob')
  await assert.rejects(auth.token(request({ ...user, client_secret: 'x' })), { code: 'invalid_client' })
})

test('credentials in two places must agree', async (t) => {
  const { auth } = await openAuth(t)
  const header = basic('acme-backend', 'acme-secret')
  const grant = { grant_type: 'client_credentials' }
  const same = { ...grant, client_id: 'acme-backend', client_secret: 'acme-secret' }
  assert.equal((await auth.token(request(same, header))).sub, 'acme-backend')
  const twice = {
    authorization: undefined,
    remoteAddress: '',
    parameters: [...Object.entries(same), ...Object.entries(same).slice(1)],
  }
  assert.equal((await auth.token(twice)).sub, 'acme-backend')
  for (const other of [{ client_id: 'globex-backend' }, { client_secret: 'globex-secret' }])
    await assert.rejects(auth.token(request({ ...same, ...other }, header)), {
      code: 'invalid_request',
      status: 400,
    })
})

test('Basic credentials are form-decoded, and taken as they are by clients that do not encode them', async (t) => {
  const secret = 'a+b%zz/=:ü and 16 more'
  const directoryFile = await directoryWith(t, {
    organizations: [{ id: 'acme' }],
    clients: [
      {
        id: 'back:end 1',
        secretHash: hashRandomSecret(secret),
        organizationId: 'acme',
        grants: ['client_credentials'],
      },
      {
        id: 'plain',
        secretHash: await hashSecret(secret),
        organizationId: 'acme',
        grants: ['client_credentials'],
      },
      {
        id: 'base64',
        secretHash: hashRandomSecret('c2Vj+cmV0/c2VjcmV0c2VjcmV0'),
        organizationId: 'acme',
        grants: ['client_credentials'],
      },
    ],
  })
  const { auth } = await openAuth(t, { directoryFile })
  const encoded = basic(encodeURIComponent('back:end 1'), encodeURIComponent(secret))
  const grant = { grant_type: 'client_credentials' }
  assert.equal((await auth.token(request(grant, encoded))).sub, 'back:end 1')
  assert.equal((await auth.token(request(grant, basic('plain', secret)))).sub, 'plain')
  assert.equal(
    (await auth.token(request(grant, basic('base64', 'c2Vj+cmV0/c2VjcmV0c2VjcmV0')))).sub,
    'base64',
  )
})

test('wrong, unknown, missing and prototype-named clients are refused alike', async (t) => {
  const { auth } = await openAuth(t)
  const grant = { grant_type: 'client_credentials' }
  const ids = ['acme-backend', 'nobody', '__proto__', 'constructor', 'toString', '']
  for (const id of ids) {
    const refusal = {
      code: 'invalid_client',
      status: 401,
      message: 'The client is not known or its secret is wrong.',
    }
    await assert.rejects(auth.token(request(grant, basic(id, 'wrong'))), {
      ...refusal,
      wwwAuthenticate: 'Basic realm="rollcall"',
    })
    if (id !== '')
      await assert.rejects(auth.token(request({ ...grant, client_id: id, client_secret: 'wrong' })), {
        ...refusal,
        wwwAuthenticate: undefined,
      })
  }
  await assert.rejects(auth.token(request(grant)), { code: 'invalid_client' })
  await assert.rejects(auth.token(request({ ...grant, client_id: 'acme-backend' })), {
    code: 'invalid_client',
  })
})

test('an Authorization header that is not Basic is refused with a challenge', async (t) => {
  const { auth } = await openAuth(t)
  for (const header of [
    'Bearer abc',
    'Basic',
    'Basic !!!',
    `Basic ${Buffer.from('nocolon').toString('base64')}`,
    '',
  ])
    await assert.rejects(auth.token(request({ grant_type: 'client_credentials' }, header)), {
      code: 'invalid_client',
      wwwAuthenticate: 'Basic realm="rollcall"',
    })
})

test('wrong passwords, unknown and prototype-named users are refused alike', async (t) => {
  const { auth } = await openAuth(t)
  const refusal = { code: 'invalid_grant', status: 400, message: 'The user name or password is wrong.' }
  for (const name of ['alice', 'nobody', '__proto__', 'constructor'])
    await assert.rejects(signIn(auth, name, 'wrong'), refusal)
  await assert.rejects(signIn(auth, 'alice', 'a'.repeat(100_000)), refusal)
})

test('requests that are not well-formed are refused', async (t) => {
  const { auth } = await openAuth(t)
  const client = { client_id: 'acme-backend', client_secret: 'acme-secret' }
  const phone = basic('customer', '')
  const cases: [Record<string, string>, string | undefined, string][] = [
    [client, undefined, 'invalid_request'],
    [{ ...client, grant_type: '' }, undefined, 'invalid_request'],
    [{ ...client, grant_type: 'authorization_code' }, undefined, 'unsupported_grant_type'],
    [{ ...client, grant_type: '__proto__' }, undefined, 'unsupported_grant_type'],
    [
      { ...client, grant_type: 'password', username: 'alice', password: 'alice-password' },
      undefined,
      'unauthorized_client',
    ],
    [{ grant_type: 'client_credentials' }, phone, 'unauthorized_client'],
    [{ grant_type: 'password', username: 'alice' }, phone, 'invalid_request'],
    [{ grant_type: 'password', password: 'alice-password' }, phone, 'invalid_request'],
    [{ grant_type: 'refresh_token' }, phone, 'invalid_request'],
    [{ grant_type: 'refresh_token', refresh_token: 'nonsense' }, phone, 'invalid_grant'],
  ]
  for (const [parameters, header, code] of cases)
    await assert.rejects(auth.token(request(parameters, header)), { code }, JSON.stringify(parameters))
  const twice = [
    ['grant_type', 'client_credentials'],
    ['grant_type', 'client_credentials'],
  ] as const
  await assert.rejects(auth.token({ authorization: undefined, remoteAddress: '', parameters: twice }), {
    code: 'invalid_request',
  })
})

test('a requested scope changes nothing', async (t) => {
  const { auth } = await openAuth(t)
  const parameters = { grant_type: 'client_credentials', scope: 'admin everything' }
  const answer = await auth.token(request(parameters, basic('acme-backend', 'acme-secret')))
  assert.equal(answer.scope, 'rtc')
})

test('a client of one organization signs in nobody of another', async (t) => {
  const directoryFile = await directoryWith(t, {
    organizations: [{ id: 'acme' }, { id: 'globex' }],
    users: [
      {
        id: 'u1',
        username: 'alice@example.com',
        passwordHash: await hashSecret('pass-a'),
        organizationId: 'acme',
      },
      { id: 'u2', username: 'carol', passwordHash: await hashSecret('pass-c'), organizationId: 'globex' },
    ],
    clients: [{ id: 'app', public: true, organizationId: 'acme', grants: ['password'] }],
  })
  const { auth } = await openAuth(t, { directoryFile })
  const ask = (username: string, password: string) =>
    auth.token(request({ grant_type: 'password', username, password, client_id: 'app' }))
  const answer = await ask('alice@example.com', 'pass-a')
  assert.deepEqual([answer.sub, answer.refresh_token], ['u1', undefined])
  await assert.rejects(ask('carol', 'pass-c'), { code: 'invalid_grant' })
})

test('a refresh token is good once, for a new pair of tokens', async (t) => {
  const { auth, clock } = await openAuth(t)
  const first = await signIn(auth)
  await clock.advance(3_000_000)
  const second = await refresh(auth, first.refresh_token)
  assert.deepEqual([second.sub, second.organization], ['alice', 'acme'])
  assert.notEqual(second.refresh_token, first.refresh_token)
  const principal = await auth.authenticate(second.access_token)
  assert.equal(principal.expiresAtWallMs, clock.wallMs() + 3_600_000)
  assert.equal((await refresh(auth, second.refresh_token)).sub, 'alice')
})

test('each use starts the lifetime of the refresh token anew, and it does end', async (t) => {
  const { auth, clock } = await openAuth(t)
  let last = await signIn(auth)
  for (let use = 0; use < 3; use++) {
    await clock.advance(86_399_000)
    last = await refresh(auth, last.refresh_token)
  }
  await clock.advance(86_400_000)
  await assert.rejects(refresh(auth, last.refresh_token), { code: 'invalid_grant' })
})

test('a refresh token used before the last one ends its family, and the access tokens made from it', async (t) => {
  const { auth } = await openAuth(t)
  const first = await signIn(auth)
  const other = await signIn(auth)
  const second = await refresh(auth, first.refresh_token)
  const third = await refresh(auth, second.refresh_token)
  await auth.authenticate(third.access_token)
  await assert.rejects(refresh(auth, first.refresh_token), { code: 'invalid_grant' })
  await assert.rejects(refresh(auth, third.refresh_token), { code: 'invalid_grant' })
  for (const { access_token } of [first, second, third]) {
    await assert.rejects(async () => auth.authenticate(access_token), { code: 'unauthorized' })
    await assert.rejects(auth.authenticateStale(access_token), { code: 'unauthorized' })
    assert.equal(auth.isStillGood(access_token), false)
  }
  assert.equal((await auth.authenticate(other.access_token)).userId, 'alice')
  assert.equal((await refresh(auth, other.refresh_token)).sub, 'alice')
})

test('a refresh token is of no use to another client', async (t) => {
  const directoryFile = await directoryWith(t, {
    organizations: [{ id: 'acme' }],
    users: [{ username: 'alice', passwordHash: await hashSecret('alice-password'), organizationId: 'acme' }],
    clients: ['customer', 'other'].map((id) => ({ id, public: true, grants: ['password', 'refresh_token'] })),
  })
  const { auth } = await openAuth(t, { directoryFile })
  const { refresh_token = '' } = await signIn(auth)
  const asOther = request({ grant_type: 'refresh_token', refresh_token, client_id: 'other' })
  await assert.rejects(auth.token(asOther), { code: 'invalid_grant' })
  assert.equal((await refresh(auth, refresh_token)).sub, 'alice')
})

test('past the limit the oldest sign-in of a user can no longer refresh', async (t) => {
  const { auth } = await openAuth(t, { refreshFamiliesPerUserMax: 2 })
  const [first, second, third] = [await signIn(auth), await signIn(auth), await signIn(auth)]
  await assert.rejects(refresh(auth, first.refresh_token), { code: 'invalid_grant' })
  assert.equal((await refresh(auth, second.refresh_token)).sub, 'alice')
  assert.equal((await refresh(auth, third.refresh_token)).sub, 'alice')
})

test('a store that cannot write is answered as an OAuth error, with a time to come back', async (t) => {
  const { auth, store } = await openAuth(t)
  t.mock.method(store.refreshFamilies, 'create', async () => {
    throw new RollcallError('unavailable')
  })
  await assert.rejects(signIn(auth), { code: 'temporarily_unavailable', status: 503, retryAfterSeconds: 5 })
})

test('no secret, password or token is ever logged', async (t) => {
  const { auth, lines } = await openAuth(t)
  const { access_token, refresh_token } = await signIn(auth)
  await auth.authenticate(access_token)
  await assert.rejects(signIn(auth, 'alice', 'planted-secret'))
  await assert.rejects(signInBackend(auth, 'acme-backend', 'planted-secret'))
  await assert.rejects(async () => auth.authenticate(`${access_token}planted-secret`))
  const { refresh_token: next } = await refresh(auth, refresh_token)
  await refresh(auth, next)
  await assert.rejects(refresh(auth, refresh_token))
  const text = JSON.stringify(lines)
  assert.match(text, /token refused/)
  for (const secret of ['planted-secret', access_token.slice(0, 30), refresh_token ?? '', 'alice-password'])
    assert.equal(text.includes(secret), false)
})
