import assert from 'node:assert/strict'
import { requestToken, type Token } from '@rollcall/client/client'
import type { Attack } from '../attack.ts'
import { NO_SHARES, type Plant } from '../plants.ts'
import { flood } from '../tools.ts'

/** So few that a busy machine makes more in two seconds, of one user. */
const FEW: Plant = {
  file: 'config/keys.js',
  find: "[1_000_000, 1_000, 100_000_000], 'Sign-ins",
  put: "[1_000_000, 10, 100_000_000], 'Sign-ins",
}

let kept: Token | undefined

/** Signs in again and again, until there is no room for anybody's refresh token. */
export const attack: Attack = {
  name: 'sign-ins',
  protects: 'a crowd that signs in has nobody else signed out',
  plants: [FEW],
  without: { env: NO_SHARES },
  env: {
    REFRESH_FAMILIES_MAX: '24',
    TOKENS_PER_SECOND_PER_USER: '0',
    TOKENS_PER_SECOND_PER_ADDRESS: '0',
    WORK_PER_SECOND_PER_ADDRESS: '0',
  },
  async prepare({ server: { url } }) {
    const grant = { type: 'password', username: 'vera', password: 'vera-password' } as const
    kept = await requestToken({ url, clientId: 'customer', grant })
  },
  async run({ url }, signal) {
    const grant = { type: 'password', username: 'mallory', password: 'mallory-password' } as const
    return flood(4, signal, async () => {
      await requestToken({ url, clientId: 'customer', grant })
      return 'signed in'
    })
  },
  async judge({ server: { url } }) {
    const grant = { type: 'refresh_token', refreshToken: kept?.refreshToken ?? '' } as const
    const { accessToken } = await requestToken({ url, clientId: 'customer', grant })
    assert.ok(accessToken.length > 0)
  },
}
