import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { backend, offer } from '../helpers/demo.ts'
import { connectPhone } from '../helpers/phone.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'

/** Requests written out as known phones send them, not through our own client. */
function phoneRequests(url: string) {
  const basic = `Basic ${Buffer.from('customer:').toString('base64')}`
  const token = async (form: Record<string, string>) => {
    const response = await fetch(`${url}/security/oauth/token`, {
      method: 'POST',
      headers: { authorization: basic, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    })
    assert.equal(response.headers.get('cache-control'), 'no-store')
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  const call = async (method: string, path: string, bearer: string, body?: unknown) => {
    const response = await fetch(`${url}/rtc-api/${path}`, {
      method,
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json', accept: '*/*' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: response.status, text: await response.text() }
  }
  return { token, call }
}

describe("a phone's whole life", () => {
  let server: ServerProcess
  let data: Awaited<ReturnType<typeof makeDataDir>>
  before(async () => {
    data = await makeDataDir()
    server = await startProcess(data.path, { ACCESS_TOKEN_TTL_SECONDS: '3' })
  })
  after(async () => {
    await server.kill()
    await data.remove()
  })

  it('signs in, registers, is rung, refreshes, comes back with its first token, and logs out', async () => {
    const phone = phoneRequests(server.url)
    const ring = async (userEndpointId: string) => {
      // The backend's own token lives as short as the phone's here.
      const acme = await backend(server.url, 'acme-backend')
      return acme.sendEvent(offer('alice', { userEndpointId, qos: 1 }))
    }

    const signedIn = await phone.token({
      grant_type: 'password',
      username: 'alice',
      password: 'alice-password',
      ticket: 'T',
      conference: 'C',
    })
    assert.equal(signedIn.status, 200)
    const first = String(signedIn.body['access_token'])
    assert.equal(signedIn.body['sub'], 'alice')
    assert.equal(signedIn.body['organization'], 'acme')
    assert.equal(signedIn.body['expires_in'], 3)
    assert.equal(typeof signedIn.body['jti'], 'string')

    const ice = await phone.call('GET', 'iceServers', first)
    assert.deepEqual([ice.status, JSON.parse(ice.text)], [200, { iceServers: [] }])

    const id = '3F2504E0-4F89-41D3-9A0C-0305E82C3301'
    const own = { userEndpointId: id, userId: 'alice' }
    const registered = await phone.call('POST', 'users/endpoints/register', first, {
      ...own,
      keepAliveSeconds: 15,
    })
    assert.deepEqual([registered.status, JSON.parse(registered.text)], [200, { id }])

    const link = await connectPhone(server.url, 'alice', first, {
      clean: true,
      clientId: 'CocoaMQTT-4711',
      protocolVersion: 4,
    })
    assert.deepEqual(await link.subscribe(`user/alice/${id}`), [1])
    assert.equal((await ring(id)).count, 1)
    await eventually(() => link.received.length === 1, 'the phone rings')
    assert.equal(link.received[0]?.topic, `user/alice/${id}`)
    assert.equal(link.received[0]?.event['type'], 'CallOfferedEvent')

    // It refreshes before the end, keeps alive with the new token, and connects again with the first one.
    const refreshed = await phone.token({
      grant_type: 'refresh_token',
      refresh_token: String(signedIn.body['refresh_token']),
    })
    assert.equal(refreshed.status, 200)
    await new Promise((resolve) => setTimeout(resolve, 2100))
    const again = await phone.token({
      grant_type: 'refresh_token',
      refresh_token: String(refreshed.body['refresh_token']),
    })
    const latest = String(again.body['access_token'])
    assert.equal((await phone.call('POST', 'users/endpoints/keepalive', latest, own)).status, 204)
    await link.end()
    await new Promise((resolve) => setTimeout(resolve, 1200))
    assert.equal((await phone.call('GET', 'users/endpoints', first)).status, 401)
    const back = await connectPhone(server.url, 'alice', first, {
      clean: true,
      clientId: 'CocoaMQTT-4711',
      protocolVersion: 4,
    })
    assert.deepEqual(await back.subscribe(`user/alice/${id}`), [1])
    assert.equal((await ring(id)).count, 1)
    await eventually(() => back.received.length === 1, 'the phone rings on its stale token')

    assert.equal((await phone.call('POST', 'users/endpoints/keepalive', latest, own)).status, 204)
    const left = await phone.call('POST', 'users/endpoints/unregister', latest, {
      ...own,
      reason: 'User logout',
    })
    assert.deepEqual([left.status, left.text], [204, ''])
    await eventually(() => !back.client.connected, 'the link of an unregistered endpoint is closed')
    assert.equal((await ring(id)).count, 0)
    const late = await phone.call('POST', 'users/endpoints/keepalive', latest, own)
    assert.equal(late.status, 400)
    assert.equal(JSON.parse(late.text).error, 'endpoint_unknown')
  })

  it('lets no stale token in where nothing was renewed, and closes a link whose authorization ends', async () => {
    const phone = phoneRequests(server.url)
    const signedIn = await phone.token({ grant_type: 'password', username: 'bob', password: 'bob-password' })
    const token = String(signedIn.body['access_token'])
    await phone.call('POST', 'users/endpoints/register', token, {
      userEndpointId: 'bobs',
      keepAliveSeconds: 60,
    })
    const link = await connectPhone(server.url, 'bob', token)
    await link.subscribe('users/endpoints/bobs')
    await eventually(() => !link.client.connected, 'the link ends with its token', 6000)
    await assert.rejects(connectPhone(server.url, 'bob', token))
  })
})
