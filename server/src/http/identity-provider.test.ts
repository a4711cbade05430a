import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ask } from '../../../test/helpers/ask.ts'
import { FakeProvider } from '../../../test/helpers/fake-provider.ts'
import { openHttp } from '../../../test/helpers/http-fixture.ts'
import { openStoredAuth } from '../../../test/helpers/stored-directory.ts'

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

async function open(t: TestContext) {
  const provider = new FakeProvider()
  await provider.start()
  t.after(() => provider.stop())
  const { auth } = await openStoredAuth(t, {
    openIdConnect: {
      issuer: provider.url,
      clientId: provider.clientId,
      name: '<b>Staff</b>',
      organizationId: 'acme',
      roles: { staff: 'ORGANIZATION_ADMIN' },
    },
    openIdConnectClientSecret: provider.clientSecret,
  })
  const { listen } = await openHttp(t, { auth })
  const url = await listen()
  const post = async (path: string, body: Record<string, string>, headers: object = FORM) => {
    const answer = await ask(url, `POST /security/oidc/${path}`, {
      headers: { ...headers },
      body: new URLSearchParams(body).toString(),
    })
    return { ...answer, body: answer.text === '' ? {} : JSON.parse(answer.text) }
  }
  return { provider, url, post }
}

const MADE_UP = 'x'.repeat(43)
const BEGUN = { state: MADE_UP, nonce: MADE_UP, code_challenge: MADE_UP }
const CAME_BACK = { code: 'c', state: MADE_UP, nonce: MADE_UP, code_verifier: MADE_UP, iss: 'x' }

test('the sign-in page is told the name of the provider, and nothing else of the configuration', async (t) => {
  const { url, provider } = await open(t)
  const { status, text, headers } = await ask(url, 'GET /security/oidc')
  assert.deepEqual([status, JSON.parse(text)], [200, { providers: [{ name: '<b>Staff</b>' }] }])
  assert.equal(headers['cache-control'], 'no-store')
  assert.deepEqual(provider.asked, [], 'nobody is asked before somebody signs in')
})

test('where one goes leads to the provider, and back to this server whatever was asked for', async (t) => {
  const { post, provider } = await open(t)
  const { status, body, headers } = await post('authorize', {
    ...BEGUN,
    redirect_uri: 'https://evil.example/',
    client_id: 'another',
    scope: 'everything',
  })
  assert.deepEqual([status, headers['cache-control']], [200, 'no-store'])
  const target = new URL(body.authorization_url)
  assert.equal(`${target.origin}${target.pathname}`, `${provider.url}/authorize`)
  assert.deepEqual(Object.fromEntries(target.searchParams), {
    ...{ response_type: 'code', client_id: provider.clientId, scope: 'openid' },
    ...{ ...BEGUN, code_challenge_method: 'S256', redirect_uri: body.redirect_uri },
  })
  assert.match(body.redirect_uri, /^https?:\/\/[^/]+\/console\/$/)
})

test('what proves something is taken from the body alone, and refusals are those of RFC 6749', async (t) => {
  const { post, url } = await open(t)
  for (const path of ['authorize', 'token', 'revoke']) {
    const wrong = await post(path, {})
    assert.deepEqual([wrong.status, wrong.body.error], [400, 'invalid_request'], path)
    const json = await post(path, BEGUN, { 'content-type': 'application/json' })
    assert.deepEqual([json.status, json.body.error], [400, 'invalid_request'], path)
    assert.equal((await ask(url, `GET /security/oidc/${path}`)).status, 405, path)
  }
  const query = new URLSearchParams(CAME_BACK)
  const inUrl = await ask(url, `POST /security/oidc/token?${query}`, { headers: FORM })
  assert.equal(JSON.parse(inUrl.text).error, 'invalid_request')
  const twice = await post('token', CAME_BACK)
  assert.deepEqual([twice.status, twice.body.error], [400, 'invalid_grant'])
  const huge = await post('token', { ...CAME_BACK, code: 'x'.repeat(200_000) })
  assert.equal(huge.status, 413)
  assert.deepEqual([(await post('revoke', { token: 'nonsense' })).status], [200])
})
