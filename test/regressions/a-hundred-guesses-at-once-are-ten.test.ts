import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLimits, type LimitSettings } from '../../server/src/limits/limits.ts'
import { basic, openAuth, request, signIn } from '../helpers/auth-fixture.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'
import { LIMITS_OFF } from '../helpers/no-limits.ts'

const PER_USER = { tokensPerSecondPerUser: 1, tokensBurstPerUser: 100 }

function limited(settings: Partial<LimitSettings>) {
  const clock = createFakeClock()
  return { clock, admission: createLimits({ settings: { ...LIMITS_OFF, ...settings }, clock }).signIn }
}

/** The codes of what was asked, with how often each came. */
async function codesOf(asking: readonly Promise<unknown>[]): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {}
  for (const settled of await Promise.allSettled(asking)) {
    const code = settled.status === 'fulfilled' ? 'in' : String(settled.reason.code)
    counts[code] = (counts[code] ?? 0) + 1
  }
  return counts
}

function atOnce(count: number, ask: () => Promise<unknown>): readonly Promise<unknown>[] {
  return Array.from({ length: count }, ask)
}

test('a hundred wrong passwords at once are ten guesses, and then the right one has to wait', async (t) => {
  const { auth, clock } = await openAuth(t, limited(PER_USER))
  const codes = await codesOf(atOnce(100, () => signIn(auth, 'alice', 'guess')))
  assert.deepEqual(codes, { invalid_grant: 10, rate_limited: 90 })
  await assert.rejects(signIn(auth), { code: 'rate_limited' })
  await signIn(auth, 'bob')
  await clock.advance(1000)
  await signIn(auth)
})

test('who has no valid client locks nobody out', async (t) => {
  const { auth } = await openAuth(t, limited(PER_USER))
  const password = { grant_type: 'password', username: 'alice', password: 'guess' }
  for (const client of ['nobody:nothing', 'acme-backend:guess', 'acme-backend:acme-secret']) {
    const [id = '', secret = ''] = client.split(':')
    const codes = await codesOf(atOnce(20, () => auth.token(request(password, basic(id, secret)))))
    assert.deepEqual(Object.keys(codes), [
      client === 'acme-backend:acme-secret' ? 'unauthorized_client' : 'invalid_client',
    ])
  }
  await signIn(auth)
})

test('requests that come to nothing do not use up a client that all share', async (t) => {
  const { auth } = await openAuth(t, limited({ tokensPerSecondPerClient: 1, tokensBurstPerClient: 2 }))
  const forms = [{ grant_type: 'x' }, {}, { grant_type: 'refresh_token', refresh_token: 'nonsense' }]
  for (const form of forms)
    for (let count = 0; count < 20; count++)
      await assert.rejects(auth.token(request(form, basic('customer', ''))))
  await signIn(auth)
  await signIn(auth)
  await assert.rejects(signIn(auth), { code: 'rate_limited' })
})

test('what is tried costs its address, also where it means nothing', async (t) => {
  const { auth } = await openAuth(t, limited({ tokensPerSecondPerAddress: 1, tokensBurstPerAddress: 20 }))
  for (let count = 0; count < 20; count++)
    await assert.rejects(auth.token(request({}, basic('customer', ''))), { code: 'invalid_request' })
  await assert.rejects(signIn(auth), { code: 'rate_limited' })
})
