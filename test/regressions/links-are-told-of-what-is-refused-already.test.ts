import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Auth, TokenResponse } from '../../server/src/auth/auth.ts'
import { basic, openAuth, refresh, request, signIn } from '../helpers/auth-fixture.ts'

const revoke = (auth: Auth, token: string | undefined) =>
  auth.revoke(request({ token: token ?? '' }, basic('customer', '')))

/** Ends a sign-in, or its access token. */
const WAYS: { readonly [what: string]: (auth: Auth, first: TokenResponse) => Promise<unknown> } = {
  'an access token is revoked': (auth, { access_token }) => revoke(auth, access_token),
  'a refresh token is revoked': (auth, { refresh_token }) => revoke(auth, refresh_token),
  'a used refresh token comes again': async (auth, { refresh_token }) => {
    const second = await refresh(auth, refresh_token)
    await refresh(auth, second.refresh_token)
    await assert.rejects(refresh(auth, refresh_token), { code: 'invalid_grant' })
  },
}

for (const [what, end] of Object.entries(WAYS))
  test(`where ${what}, whoever looks at a link when it is told finds its token refused`, async (t) => {
    const { auth } = await openAuth(t)
    const first = await signIn(auth)
    await auth.authenticate(first.access_token)
    const found: boolean[] = []
    auth.onRevoked(() => void found.push(auth.isStillGood(first.access_token)))
    await end(auth, first)
    assert.deepEqual(found, [false])
  })
