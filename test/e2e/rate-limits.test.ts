import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createClient } from '@rollcall/client/client'
import { call } from '../helpers/call.ts'
import { offer } from '../helpers/demo.ts'
import { makeDirectory, tokenOfClient, tokenOfUser } from '../helpers/directory.ts'
import { connectPhone } from '../helpers/phone.ts'
import { makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'

/** So slow that nothing is refilled while the test runs, but for what it waits for. */
const LIMITS = {
  EVENTS_PER_SECOND_PER_CALLER: '1',
  EVENTS_BURST_PER_CALLER: '20',
  EVENTS_PER_SECOND_PER_ORGANIZATION: '1',
  EVENTS_BURST_PER_ORGANIZATION: '50',
  REGISTERS_PER_SECOND_PER_CALLER: '1',
  REGISTERS_BURST_PER_CALLER: '3',
  TOKENS_PER_SECOND_PER_USER: '1',
  TOKENS_BURST_PER_USER: '30',
  TOKENS_PER_SECOND_PER_ADDRESS: '1',
  TOKENS_BURST_PER_ADDRESS: '100',
}

describe('rate limits', () => {
  let server: ServerProcess
  let data: Awaited<ReturnType<typeof makeDataDir>>
  before(async () => {
    data = await makeDataDir()
    const { file } = await makeDirectory(data.path)
    server = await startProcess(data.path, { DIRECTORY_FILE: file, TRUSTED_PROXIES: '127.0.0.1', ...LIMITS })
  })
  after(async () => {
    await server.kill()
    await data.remove()
  })

  const send = (token: string, body = offer('bob')) =>
    call(server.url, token, 'POST users/endpoints/sendEvent', body)

  it('hold a caller that sends too much, and let it go on after Retry-After', async () => {
    const { accessToken } = await tokenOfUser(server.url, 'alice')
    const statuses: number[] = []
    for (let count = 0; count < 30; count++) statuses.push((await send(accessToken)).status)
    const passed = statuses.filter((status) => status === 200).length
    assert.ok(passed >= 20 && passed < 30, String(passed))
    assert.deepEqual([...new Set(statuses)], [200, 429])
    const refused = await send(accessToken)
    assert.equal((refused.json as { error: string }).error, 'rate_limited')
    assert.equal(refused.headers.get('ratelimit-policy'), '"events-caller";q=20;w=20')
    assert.match(refused.headers.get('ratelimit') ?? '', /^"events-caller";r=0;t=1$/)
    const seconds = Number(refused.headers.get('retry-after'))
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000 + 50))
    assert.equal((await send(accessToken)).status, 200)
  })

  it('count the items of a batch, refuse them one by one, and stop at the organization', async () => {
    const globex = await tokenOfClient(server.url, 'globex-backend')
    const service = await tokenOfClient(server.url, 'service')
    const batch = (more: Record<string, string> = {}) =>
      Array.from({ length: 25 }, () => offer('carol', more))
    const answer = await call(server.url, globex, 'POST users/endpoints/sendEvents', batch())
    assert.equal(answer.status, 200)
    const items = answer.json as { count?: number; error?: string }[]
    assert.equal(items.filter(({ count }) => count === 0).length, 20)
    assert.deepEqual([...new Set(items.slice(20).map(({ error }) => error))], ['rate_limited'])
    const named = { organizationId: 'globex' }
    await call(server.url, service, 'POST users/endpoints/sendEvents', batch(named))
    const { accessToken: carol } = await tokenOfUser(server.url, 'carol')
    const statuses: number[] = []
    for (let count = 0; count < 20; count++) statuses.push((await send(carol, offer('carol'))).status)
    const passed = statuses.filter((status) => status === 200).length
    assert.ok(passed >= 10 && passed < 20, String(passed))
    assert.match((await send(carol)).headers.get('ratelimit') ?? '', /^"events-organization"/)
  })

  it('hold a backend that publishes over MQTT', async () => {
    const token = await tokenOfClient(server.url, 'acme-backend')
    const link = await connectPhone(server.url, 'acme-backend', token, { protocolVersion: 5 })
    const codes: number[] = []
    for (let count = 0; count < 25; count++) {
      const sent = link.client.publishAsync('users/events', JSON.stringify(offer('nobody')), { qos: 1 })
      codes.push(
        await sent.then(
          () => 0,
          (error: Error) => Number(Reflect.get(error, 'code')),
        ),
      )
    }
    assert.deepEqual([codes.slice(0, 20).every((code) => code === 0), codes.at(-1)], [true, 0x97])
    assert.ok(link.client.connected)
    await link.end()
  })

  it('hold registrations, and never a keepalive', async () => {
    const { accessToken } = await tokenOfUser(server.url, 'bob')
    const bob = createClient({ url: server.url, token: accessToken })
    for (let count = 0; count < 3; count++)
      await bob.register({ userEndpointId: 'phone', keepAliveSeconds: 60 })
    await assert.rejects(bob.register({ userEndpointId: 'phone', keepAliveSeconds: 60 }), {
      code: 'rate_limited',
    })
    for (let count = 0; count < 20; count++) await bob.keepalive('phone')
  })

  it('hold whoever guesses, by name and by address, in the form of RFC 6749', async () => {
    const attempt = async (username: string, password: string, address: string) => {
      const response = await fetch(`${server.url}/security/oauth/token`, {
        method: 'POST',
        headers: { 'x-forwarded-for': address },
        body: new URLSearchParams({ grant_type: 'password', client_id: 'customer', username, password }),
      })
      const { error, error_description } = (await response.json()) as Record<string, unknown>
      return { status: response.status, error, error_description, headers: response.headers }
    }
    // Three wrong ones are a burst of 30.
    for (let count = 0; count < 3; count++)
      assert.equal((await attempt('boss', 'guess', `192.0.2.${count}`)).error, 'invalid_grant')
    const held = await attempt('boss', 'boss-password', '192.0.2.99')
    assert.deepEqual([held.status, held.error], [429, 'rate_limited'])
    assert.equal(typeof held.error_description, 'string')
    assert.ok(Number(held.headers.get('retry-after')) >= 1)
    assert.equal(held.headers.get('cache-control'), 'no-store')
    assert.match(held.headers.get('ratelimit') ?? '', /^"tokens-user";r=0;t=\d+$/)
    assert.equal((await attempt('alice', 'alice-password', '192.0.2.1')).status, 200)
    // Ten wrong ones under ten names are a burst of 100.
    for (let count = 0; count < 10; count++)
      assert.equal((await attempt(`nobody-${count}`, 'guess', '2001:db8::1')).status, 400)
    const held64 = await attempt('alice', 'alice-password', '2001:db8::2')
    assert.match(held64.headers.get('ratelimit') ?? '', /^"tokens-address"/)
    assert.equal((await attempt('alice', 'alice-password', '2001:db8:0:1::2')).status, 200)
  })
})
