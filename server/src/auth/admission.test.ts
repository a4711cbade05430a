import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { basic, openAuth, refresh, request, signIn } from '../../../test/helpers/auth-fixture.ts'
import type { Admission, Attempt } from './auth.ts'

/** What was reported, in order; `refuses` is what is turned away. */
function recording(refuses: readonly string[] = []) {
  const told: string[] = []
  const tell = (what: string): void => {
    told.push(what)
    if (refuses.includes(what)) throw new RollcallError('rate_limited', undefined, { retryAfterSeconds: 7 })
  }
  const name = ({ remoteAddress, username }: Attempt) => `${remoteAddress} ${username ?? '-'}`
  const admission: Admission = {
    arrived: (attempt) => tell(`arrived ${name(attempt)}`),
    identified: (clientId) => tell(`identified ${clientId}`),
    failed: (attempt) => tell(`failed ${name(attempt)}`),
  }
  return { told, admission }
}

test('who signs in is reported by address and name, then as the client it has proven to be', async (t) => {
  const { told, admission } = recording()
  const { auth } = await openAuth(t, { admission })
  const { refresh_token } = await signIn(auth)
  await refresh(auth, refresh_token)
  assert.deepEqual(told, [
    'arrived 127.0.0.1 alice',
    'identified customer',
    'arrived 127.0.0.1 -',
    'identified customer',
  ])
})

test('wrong passwords, secrets and refresh tokens have failed; other mistakes have not', async (t) => {
  const { told, admission } = recording()
  const { auth } = await openAuth(t, { admission })
  await assert.rejects(signIn(auth, 'alice', 'guess'), { code: 'invalid_grant' })
  await assert.rejects(refresh(auth, 'nonsense'), { code: 'invalid_grant' })
  const wrong = request({ grant_type: 'client_credentials' }, basic('acme-backend', 'guess'))
  await assert.rejects(auth.token(wrong), { code: 'invalid_client' })
  await assert.rejects(auth.revoke(request({ token: 'x' }, basic('acme-backend', 'guess'))))
  const missing = request({ grant_type: 'password' }, basic('customer', ''))
  await assert.rejects(auth.token(missing), { code: 'invalid_request' })
  assert.deepEqual(
    told.filter((line) => line.startsWith('failed')),
    ['failed 127.0.0.1 alice', 'failed 127.0.0.1 -', 'failed 127.0.0.1 -', 'failed 127.0.0.1 -'],
  )
})

test('whoever is turned away is told so in the form of RFC 6749, before a password is looked at', async (t) => {
  const { admission, told } = recording(['arrived 127.0.0.1 alice', 'identified acme-backend'])
  const { auth } = await openAuth(t, { admission })
  const refused = { name: 'OAuthError', code: 'rate_limited', status: 429, retryAfterSeconds: 7 }
  await assert.rejects(signIn(auth), refused)
  await assert.rejects(auth.revoke(request({ token: 'x' }, basic('acme-backend', 'acme-secret'))), refused)
  assert.ok(!told.includes('identified customer'))
  assert.ok(told.every((line) => !line.startsWith('failed')))
})
