import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { type Answer, ask, post } from '../../../test/helpers/ask.ts'
import { openHttp } from '../../../test/helpers/http-fixture.ts'
import { noDirectory } from '../../../test/helpers/no-directory.ts'
import { noProvider } from '../../../test/helpers/no-provider.ts'
import { OAuthError } from '../auth/auth.ts'
import type { HttpOptions } from './http.ts'

const TOKEN = '/security/oauth/token'
const REVOKE = '/security/oauth/revoke'
const FORM = { authorization: '', 'content-type': 'application/x-www-form-urlencoded' }

function assertNotKept({ headers }: Answer, what: string): void {
  assert.equal(headers['cache-control'], 'no-store', what)
  assert.equal(headers['pragma'], 'no-cache', what)
}

/** An `auth` that throws this. */
function failing(error: Error): { auth: HttpOptions['auth'] } {
  const fail = (): never => {
    throw error
  }
  const auth = { authenticate: fail, isStillGood: fail, token: fail, revoke: fail, revokeUser: fail }
  const told = { organizations: fail, mayBeOrganization: fail, namedByIssuers: fail }
  return {
    auth: {
      directory: noDirectory(),
      oidc: noProvider(),
      ...auth,
      ...told,
      revocations: fail,
      jwks: fail,
      metadata: fail,
    },
  }
}

describe('the token endpoint', () => {
  it('takes a POST without a body, everything being in the query, as scripts send it', async (test) => {
    const { listen, oauth } = await openHttp(test)
    const url = await listen()
    const query = 'grant_type=client_credentials&client_id=acme-backend&client_secret=a%2Bb+c'
    const parameters = [
      ['grant_type', 'client_credentials'],
      ['client_id', 'acme-backend'],
      ['client_secret', 'a+b c'],
    ]
    for (const headers of [{}, { 'content-length': '0' }, { 'content-type': 'application/json' }]) {
      const answer = await ask(url, `POST ${TOKEN}?${query}`, {
        headers: { ...headers, authorization: 'Basic x' },
      })
      assert.equal(answer.status, 200)
      assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8')
      assertNotKept(answer, query)
      assert.equal(JSON.parse(answer.text).access_token, 'A')
    }
    assert.deepEqual(
      oauth,
      Array(3).fill({ authorization: 'Basic x', parameters, remoteAddress: '127.0.0.1' }),
    )
  })

  it('takes a form, after the query, in order, with names given twice', async (test) => {
    const { listen, oauth } = await openHttp(test)
    const url = await listen()
    const body = 'grant_type=password&username=alice&password=p%C3%A4ss&ticket=&username=bob&__proto__=x'
    for (const type of [FORM['content-type'], 'Application/X-WWW-Form-Urlencoded; charset=UTF-8'])
      await ask(url, `POST ${TOKEN}?scope=a`, { body, headers: { ...FORM, 'content-type': type } })
    const parameters = [
      ['scope', 'a'],
      ['grant_type', 'password'],
      ['username', 'alice'],
      ['password', 'päss'],
      ['ticket', ''],
      ['username', 'bob'],
      ['__proto__', 'x'],
    ]
    assert.deepEqual(oauth, Array(2).fill({ authorization: '', parameters, remoteAddress: '127.0.0.1' }))
  })

  it('answers a body that is no form by RFC 6749', async (test) => {
    const { listen, oauth } = await openHttp(test)
    const url = await listen()
    for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencodedx', 'x', '']) {
      const answer = await post(url, TOKEN, { grant_type: 'password' }, { 'content-type': type })
      assert.equal(answer.status, 400, type)
      assert.equal(JSON.parse(answer.text).error, 'invalid_request', type)
      assert.equal(typeof JSON.parse(answer.text).error_description, 'string', type)
      assertNotKept(answer, type)
    }
    assert.deepEqual(oauth, [])
  })

  it('refuses a body that is far too large for a form', async (test) => {
    const { listen } = await openHttp(test)
    const url = await listen()
    const answer = await ask(url, `POST ${TOKEN}`, { body: `x=${'y'.repeat(40_000)}`, headers: FORM })
    assert.equal(answer.status, 413)
    assert.equal(JSON.parse(answer.text).error, 'invalid_request')
    assertNotKept(answer, 'too large')
  })

  it('has no other methods', async (test) => {
    const { listen } = await openHttp(test)
    const answer = await ask(await listen(), `GET ${TOKEN}?client_secret=s`)
    assert.equal(answer.status, 405)
    assert.equal(answer.headers.allow, 'POST')
  })
})

describe('refusals of the OAuth2 endpoints', () => {
  for (const [error, status, body, headers] of [
    [new OAuthError('invalid_grant', 'no'), 400, { error: 'invalid_grant', error_description: 'no' }, {}],
    [
      new OAuthError('invalid_client', 'who?', { usedHeader: true }),
      401,
      { error: 'invalid_client', error_description: 'who?' },
      { 'www-authenticate': 'Basic realm="rollcall"' },
    ],
    [
      new OAuthError('temporarily_unavailable', 'later', { retryAfterSeconds: 3 }),
      503,
      { error: 'temporarily_unavailable', error_description: 'later' },
      { 'retry-after': '3' },
    ],
    [
      new RollcallError('unavailable'),
      503,
      { error: 'temporarily_unavailable', error_description: 'The server cannot serve this now.' },
      { 'retry-after': '1' },
    ],
    [
      new Error('client_secret=s3cret'),
      500,
      { error: 'server_error', error_description: 'The server failed.' },
      {},
    ],
  ] as const)
    it(`${error.name} ${body.error} ${status}`, async (test) => {
      const { listen, logged } = await openHttp(test, failing(error))
      const url = await listen()
      for (const path of [TOKEN, REVOKE]) {
        const answer = await ask(url, `POST ${path}`, { headers: FORM })
        assert.equal(answer.status, status)
        assert.deepEqual(JSON.parse(answer.text), body)
        for (const [name, value] of Object.entries(headers)) assert.equal(answer.headers[name], value)
        assertNotKept(answer, path)
      }
      assert.equal(logged.length, status === 500 ? 2 : 0)
      assert.ok(!logged.join('').includes('s3cret'))
    })
})

describe('revocation', () => {
  it('answers 200 and nothing', async (test) => {
    const { listen, oauth } = await openHttp(test)
    const answer = await ask(await listen(), `POST ${REVOKE}`, { body: 'token=T', headers: FORM })
    assert.equal(answer.status, 200)
    assert.equal(answer.text, '')
    assert.equal(answer.headers['content-type'], undefined)
    assertNotKept(answer, 'revoked')
    assert.deepEqual(oauth, [{ authorization: '', parameters: [['token', 'T']], remoteAddress: '127.0.0.1' }])
  })
})

describe('what verifiers read', () => {
  it('keys and metadata', async (test) => {
    const { listen } = await openHttp(test)
    const url = await listen()
    const nobody = { headers: { authorization: '' } }
    const keys = await ask(url, 'GET /.well-known/jwks.json', nobody)
    assert.equal(keys.text, '{"keys":[{"kty":"RSA","kid":"k1"}]}')
    assert.match(String(keys.headers['cache-control']), /max-age=\d+/)
    const metadata = await ask(url, 'GET /.well-known/oauth-authorization-server', nobody)
    assert.equal(metadata.text, '{"issuer":"http://127.0.0.1"}')
    assert.equal(metadata.headers['content-type'], 'application/json; charset=utf-8')
  })
})
