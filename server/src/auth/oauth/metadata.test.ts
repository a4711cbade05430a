import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openAuth } from '../../../../test/helpers/auth-fixture.ts'

test('the metadata names the endpoints under the issuer as it is now', async (t) => {
  let port = 0
  const { auth } = await openAuth(t, { issuer: () => `http://127.0.0.1:${port}` })
  port = 8123
  assert.deepEqual(auth.metadata(), {
    issuer: 'http://127.0.0.1:8123',
    token_endpoint: 'http://127.0.0.1:8123/security/oauth/token',
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
    revocation_endpoint: 'http://127.0.0.1:8123/security/oauth/revoke',
    revocation_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
    jwks_uri: 'http://127.0.0.1:8123/.well-known/jwks.json',
    grant_types_supported: ['client_credentials', 'password', 'refresh_token'],
    response_types_supported: [],
    scopes_supported: ['rtc'],
  })
})
