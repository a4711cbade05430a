import assert from 'node:assert/strict'
import { requestToken } from '@rollcall/client/client'
import type { Attack } from '../attack.ts'
import { NO_SHARES, type Plant } from '../plants.ts'
import { flood } from '../tools.ts'

const form = (token: string) => ({
  method: 'POST',
  headers: {
    authorization: `Basic ${btoa('customer:')}`,
    'content-type': 'application/x-www-form-urlencoded',
  },
  body: new URLSearchParams({ token }),
})

/** So few that a busy machine makes as many in two seconds. */
const FEW: Plant = {
  file: 'config/keys.js',
  find: "[200_000, 1_000, 10_000_000], 'Revoked",
  put: "[200_000, 40, 10_000_000], 'Revoked",
}

/** Signs in and out, again and again, until nobody's sign-out is remembered. */
export const attack: Attack = {
  name: 'revocations',
  protects: 'everybody can sign out while somebody signs out thousands of times',
  without: { env: NO_SHARES },
  plants: [FEW],
  env: { REVOCATIONS_MAX: '40', TOKENS_PER_SECOND_PER_USER: '0', TOKENS_PER_SECOND_PER_ADDRESS: '0' },
  async run({ url }, signal) {
    const clientSecret = 'a-random-secret-of-enough-characters-for-tests'
    return flood(8, signal, async () => {
      const grant = { type: 'client_credentials' } as const
      const { accessToken } = await requestToken({ url, clientId: 'evil-backend', clientSecret, grant })
      const credentials = btoa(`evil-backend:${clientSecret}`)
      const headers = {
        authorization: `Basic ${credentials}`,
        'content-type': 'application/x-www-form-urlencoded',
      }
      const body = new URLSearchParams({ token: accessToken })
      return (await fetch(`${url}/security/oauth/revoke`, { method: 'POST', headers, body })).status
    })
  },
  async judge({ server, tokenOfUser }) {
    const token = await tokenOfUser('victor')
    const { status } = await fetch(`${server.url}/security/oauth/revoke`, form(token))
    assert.equal(status, 200, 'the victim signs out')
    const headers = { authorization: `Bearer ${token}` }
    assert.equal(
      (await fetch(`${server.url}/rtc-api/users/endpoints`, { headers })).status,
      401,
      'and stays out',
    )
  },
}
