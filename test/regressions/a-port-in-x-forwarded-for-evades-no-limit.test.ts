import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readConfiguration } from '../../server/src/config/config.ts'
import { createLimits } from '../../server/src/limits/limits.ts'
import { ask } from '../helpers/ask.ts'
import { openHttp } from '../helpers/http-fixture.ts'

const SETTINGS = { trustedProxies: ['127.0.0.1', '10.0.0.0/8', '2001:db8:ffff::/48'] }

/** Who the token endpoint takes a caller for. */
for (const [forwarded, address] of [
  ['203.0.113.8', '203.0.113.8'],
  ['203.0.113.8:41234', '203.0.113.8'],
  ['"203.0.113.8:41234"', '203.0.113.8'],
  ['2001:db8::1', '2001:db8::1'],
  ['[2001:db8::1]:4321', '2001:db8::1'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['"[2001:db8::1]:4321"', '2001:db8::1'],
  ['::ffff:203.0.113.8', '203.0.113.8'],
  ['[::ffff:203.0.113.8]:4321', '203.0.113.8'],
  ['::ffff:cb00:7108', '203.0.113.8'],
  ['0:0:0:0:0:FFFF:CB00:7108', '203.0.113.8'],
  ['fe80::1%eth0', 'fe80::1'],
  ['[fe80::1%25eth0]:4321', 'fe80::1'],
  // Proxies behind proxies, all of which write ports.
  ['203.0.113.8:41234, 10.0.0.7:80', '203.0.113.8'],
  ['198.51.100.1, 203.0.113.8:41234, 10.0.0.7:80, 10.0.0.8', '203.0.113.8'],
  ['203.0.113.8, [2001:db8:ffff::7]:443', '203.0.113.8'],
  ['203.0.113.8, ::ffff:10.0.0.7', '203.0.113.8'],
  // What is no address counts as the proxy that said it.
  ['unknown', '127.0.0.1'],
  ['_hidden', '127.0.0.1'],
  ['203.0.113.8:41234:1', '127.0.0.1'],
  ['203.0.113.999:1', '127.0.0.1'],
  ['203.0.113.8:port', '127.0.0.1'],
  ['[2001:db8::1', '127.0.0.1'],
  ['for=203.0.113.8', '127.0.0.1'],
  ['', '127.0.0.1'],
  ['garbage, 10.0.0.7', '10.0.0.7'],
] as const)
  it(`X-Forwarded-For: ${forwarded} is ${address}`, async (test) => {
    const { listen, oauth, logged } = await openHttp(test, { settings: { ...SETTINGS, logRequests: true } })
    await ask(await listen(), 'POST /security/oauth/token', { headers: { 'x-forwarded-for': forwarded } })
    assert.deepEqual(
      oauth.map(({ remoteAddress }) => remoteAddress),
      [address],
    )
    assert.ok(logged.some((line) => line.includes(`"ip":"${address}"`)))
  })

describe('the limit of an address', () => {
  for (const of of [
    (n: number) => `203.0.113.8:${n}`,
    (n: number) => `[2001:db8::${n}]:${n}`,
    (n: number) => `nonsense-${n}`,
  ])
    it(`is reached by ${of(40_000)} and the like`, async (test) => {
      const { listen, oauth, clock } = await openHttp(test, { settings: SETTINGS })
      const url = await listen()
      for (let n = 1; n <= 5; n++)
        await ask(url, 'POST /security/oauth/token', { headers: { 'x-forwarded-for': of(40_000 + n) } })
      const env = { TOKENS_PER_SECOND_PER_ADDRESS: '1', TOKENS_BURST_PER_ADDRESS: '3' }
      const settings = readConfiguration(env, undefined)
      const { signIn } = createLimits({ settings, clock })
      const attempts = oauth.map(
        ({ remoteAddress }) =>
          () =>
            signIn.arrived(remoteAddress).charge('succeeded'),
      )
      for (const attempt of attempts.slice(0, 3)) attempt()
      for (const attempt of attempts.slice(3)) assert.throws(attempt, { code: 'rate_limited' })
    })
})

it('Forwarded is not believed: whoever asks can write it', async (test) => {
  const { listen, oauth } = await openHttp(test, { settings: SETTINGS })
  await ask(await listen(), 'POST /security/oauth/token', {
    headers: { forwarded: 'for="203.0.113.8:41234"' },
  })
  assert.equal(oauth[0]?.remoteAddress, '127.0.0.1')
})
